window.YTD.tweet.part0 = [
  {
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
    "id_str": "1768900000000000001",
    "truncated": false,
    "retweet_count": "0",
    "id": "1768900000000000001",
    "created_at": "Sat Mar 16 09:00:00 +0000 2024",
    "favorited": false,
    "full_text": "First post of the day",
    "lang": "en"
  },
  {
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
      "26"
    ],
    "favorite_count": "1",
    "id_str": "1768900000000000002",
    "truncated": false,
    "retweet_count": "0",
    "id": "1768900000000000002",
    "created_at": "Sat Mar 16 09:00:00 +0000 2024",
    "favorited": false,
    "full_text": "RT @tom_hale: mind the ice",
    "lang": "en"
  }
]