Grailbird.data.tweets_2014_01 = 
 [
 {
  "source": "web",
  "entities": {
   "user_mentions": [],
   "media": [],
   "hashtags": [
    {
     "text": "tea",
     "indices": [
      11,
      15
     ]
    }
   ],
   "urls": []
  },
  "geo": {},
  "id_str": "420000000000000001",
  "text": "Warm again &lt;3 #tea",
  "id": 420000000000000001,
  "created_at": "2014-01-06 10:00:00 +0000",
  "user": {
   "name": "Ida",
   "screen_name": "ida_wren",
   "protected": false,
   "id_str": "551",
   "id": 551,
   "profile_image_url_https": "https://img.example/a.png",
   "verified": false
  }
 }
]