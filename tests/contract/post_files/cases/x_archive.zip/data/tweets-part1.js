window.YTD.tweets.part1 = [
  {
    "tweet": {
      "edit_info": {
        "initial": {
          "editTweetIds": [
            "1768900000000000030"
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
        "31"
      ],
      "favorite_count": "1",
      "id_str": "1768900000000000030",
      "truncated": false,
      "retweet_count": "0",
      "id": "1768900000000000030",
      "created_at": "Mon Mar 18 09:00:00 +0000 2024",
      "favorited": false,
      "full_text": "Part two of my life, apparently",
      "lang": "en"
    }
  }
]