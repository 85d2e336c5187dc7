window.YTD.like.part0 = [
  {
    "like": {
      "tweetId": "1600000000000000001",
      "fullText": "liked words",
      "expandedUrl": "https://x.example/i/web/status/1600000000000000001"
    }
  }
]