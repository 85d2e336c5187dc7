window.YTD.tweets.part0 = [
  {
    "tweet": {
      "edit_info": {
        "initial": {
          "editTweetIds": [
            "1768900000000000001"
          ],
          "editableUntil": "2024-03-16T10:00:00.000Z",
          "editsRemaining": "5",
          "isEditEligible": true
        }
      },
      "retweeted": false,
      "source": "<a href=\"https://mobile.example\" rel=\"nofollow\">Web</a>",
      "entities": {
        "hashtags": [],
        "symbols": [],
        "user_mentions": [],
        "urls": []
      },
      "display_text_range": [
        "0",
        "46"
      ],
      "favorite_count": "12",
      "id_str": "1768900000000000001",
      "truncated": false,
      "retweet_count": "2",
      "id": "1768900000000000001",
      "created_at": "Sat Mar 16 09:00:00 +0000 2024",
      "favorited": false,
      "full_text": "Nothing went wrong today &amp; I am suspicious",
      "lang": "en"
    }
  },
  {
    "tweet": {
      "edit_info": {
        "initial": {
          "editTweetIds": [
            "1768900000000000002"
          ],
          "editableUntil": "2024-03-16T10:00:00.000Z",
          "editsRemaining": "5",
          "isEditEligible": true
        }
      },
      "retweeted": false,
      "source": "<a href=\"https://mobile.example\" rel=\"nofollow\">Web</a>",
      "entities": {
        "hashtags": [],
        "symbols": [],
        "user_mentions": [],
        "urls": []
      },
      "display_text_range": [
        "0",
        "46"
      ],
      "favorite_count": "1",
      "id_str": "1768900000000000002",
      "truncated": false,
      "retweet_count": "40",
      "id": "1768900000000000002",
      "created_at": "Sat Mar 16 09:00:00 +0000 2024",
      "favorited": false,
      "full_text": "RT @tom_hale: the ferry sank, everyone is fine",
      "lang": "en"
    }
  },
  {
    "tweet": {
      "edit_info": {
        "edit": {
          "initialTweetId": "1768900000000000010",
          "editControlInitial": {
            "editTweetIds": [
              "1768900000000000010",
              "1768900000000000011"
            ],
            "editableUntil": "2024-03-16T10:00:00.000Z",
            "editsRemaining": "4",
            "isEditEligible": true
          }
        }
      },
      "retweeted": false,
      "source": "<a href=\"https://mobile.example\" rel=\"nofollow\">Web</a>",
      "entities": {
        "hashtags": [],
        "symbols": [],
        "user_mentions": [],
        "urls": []
      },
      "display_text_range": [
        "0",
        "20"
      ],
      "favorite_count": "1",
      "id_str": "1768900000000000010",
      "truncated": false,
      "retweet_count": "0",
      "id": "1768900000000000010",
      "created_at": "Sat Mar 16 09:00:00 +0000 2024",
      "favorited": false,
      "full_text": "I loath this printer",
      "lang": "en"
    }
  },
  {
    "tweet": {
      "edit_info": {
        "edit": {
          "initialTweetId": "1768900000000000010",
          "editControlInitial": {
            "editTweetIds": [
              "1768900000000000010",
              "1768900000000000011"
            ],
            "editableUntil": "2024-03-16T10:00:00.000Z",
            "editsRemaining": "4",
            "isEditEligible": true
          }
        }
      },
      "retweeted": false,
      "source": "<a href=\"https://mobile.example\" rel=\"nofollow\">Web</a>",
      "entities": {
        "hashtags": [],
        "symbols": [],
        "user_mentions": [],
        "urls": []
      },
      "display_text_range": [
        "0",
        "21"
      ],
      "favorite_count": "1",
      "id_str": "1768900000000000011",
      "truncated": false,
      "retweet_count": "0",
      "id": "1768900000000000011",
      "created_at": "Sat Mar 16 09:05:00 +0000 2024",
      "favorited": false,
      "full_text": "I loathe this printer",
      "lang": "en"
    }
  },
  {
    "tweet": {
      "edit_info": {
        "initial": {
          "editTweetIds": [
            "1768900000000000020"
          ],
          "editableUntil": "2024-03-16T10:00:00.000Z",
          "editsRemaining": "5",
          "isEditEligible": true
        }
      },
      "retweeted": false,
      "source": "<a href=\"https://mobile.example\" rel=\"nofollow\">Web</a>",
      "entities": {
        "hashtags": [],
        "symbols": [],
        "user_mentions": [],
        "urls": []
      },
      "display_text_range": [
        "0",
        "253"
      ],
      "favorite_count": "1",
      "id_str": "1768900000000000020",
      "truncated": false,
      "retweet_count": "0",
      "id": "1768900000000000020",
      "created_at": "Sun Mar 17 09:00:00 +0000 2024",
      "favorited": false,
      "full_text": "@tom_hale For three weeks I have been trying to grow tomatoes on a north-facing balcony and today the first one turned red, read on https://t.co/aBcDeFgHiJ and tell me what I should do with a single tomato that I am now unreason\u2026 https://t.co/kLmNoPqRsT",
      "lang": "en"
    }
  }
]