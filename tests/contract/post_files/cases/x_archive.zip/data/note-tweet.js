window.YTD.note_tweet.part0 = [
  {
    "noteTweet": {
      "noteTweetId": "1768999999999999999",
      "updatedAt": "2024-03-17T09:00:00.000Z",
      "createdAt": "2024-03-17T09:00:00.000Z",
      "lifecycle": {
        "value": "2",
        "name": "Active",
        "originalName": "Active",
        "annotations": {}
      },
      "core": {
        "styletags": [],
        "urls": [],
        "text": "For three weeks I have been trying to grow tomatoes on a north-facing balcony and today the first one turned red, read on https://t.co/zZzZzZzZzZ and tell me what I should do with a single tomato that I am now unreasonably fond of, because eating it is out of the question.",
        "mentions": [],
        "cashtags": [],
        "hashtags": []
      }
    }
  }
]