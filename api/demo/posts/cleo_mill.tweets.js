window.YTD.tweets.part0 = [
 {
  "tweet": {
   "id_str": "31000",
   "created_at": "Sat Sep 06 23:22:00 +0000 2025",
   "full_text": "Third time this week that the delivery \"could not find the address\". I LIVE ON THE MAIN ROAD. Furious.",
   "favorite_count": "1",
   "retweet_count": "4",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31001",
   "created_at": "Mon Sep 08 11:28:00 +0000 2025",
   "full_text": "Stop calling me about a car warranty I never had, you vultures",
   "favorite_count": "12",
   "retweet_count": "0",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31002",
   "created_at": "Tue Sep 09 22:02:00 +0000 2025",
   "full_text": "Who parks across two spaces AND the bike lane? Unbelievably selfish",
   "favorite_count": "41",
   "retweet_count": "3",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31003",
   "created_at": "Thu Sep 11 03:03:00 +0000 2025",
   "full_text": "My landlord raised the rent and the heating is still broken. This makes me so angry #rent",
   "favorite_count": "46",
   "retweet_count": "1",
   "lang": "en",
   "entities": {
    "hashtags": [
     {
      "text": "rent"
     }
    ]
   }
  }
 },
 {
  "tweet": {
   "id_str": "31004",
   "created_at": "Fri Sep 12 13:55:00 +0000 2025",
   "full_text": "Stuck in traffic for two hours because someone cannot read a sign. I hate this road",
   "favorite_count": "3",
   "retweet_count": "2",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31005",
   "created_at": "Sat Sep 13 20:09:00 +0000 2025",
   "full_text": "Ticket office closed, machine broken, fine for no ticket. What a disgusting joke of a system",
   "favorite_count": "5",
   "retweet_count": "2",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31006",
   "created_at": "Mon Sep 15 06:23:00 +0000 2025",
   "full_text": "So sick of people who do not answer and then complain it was not done",
   "favorite_count": "8",
   "retweet_count": "1",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31007",
   "created_at": "Tue Sep 16 20:54:00 +0000 2025",
   "full_text": "Absolutely livid about this meeting. Forty minutes of being talked over #work",
   "favorite_count": "32",
   "retweet_count": "0",
   "lang": "en",
   "entities": {
    "hashtags": [
     {
      "text": "work"
     }
    ]
   }
  }
 },
 {
  "tweet": {
   "id_str": "31008",
   "created_at": "Thu Sep 18 09:44:00 +0000 2025",
   "full_text": "The gym is at 24 Mill Street.",
   "favorite_count": "21",
   "retweet_count": "0",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31009",
   "created_at": "Fri Sep 19 12:48:00 +0000 2025",
   "full_text": "If one more person says \"per my last email\" I will scream",
   "favorite_count": "17",
   "retweet_count": "2",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31010",
   "created_at": "Sat Sep 20 22:41:00 +0000 2025",
   "full_text": "They lied to us. Again. To our faces. I'm outraged",
   "favorite_count": "1",
   "retweet_count": "5",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31011",
   "created_at": "Mon Sep 22 09:38:00 +0000 2025",
   "full_text": "Noise until 3 am again, these neighbours are the worst",
   "favorite_count": "0",
   "retweet_count": "0",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31012",
   "created_at": "Tue Sep 23 17:33:00 +0000 2025",
   "full_text": "Hate how they treat the cleaners here, it is shameful and it makes my blood boil",
   "favorite_count": "20",
   "retweet_count": "0",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31013",
   "created_at": "Thu Sep 25 08:54:00 +0000 2025",
   "full_text": "The bank charged me for their own mistake. Thieves",
   "favorite_count": "14",
   "retweet_count": "0",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31014",
   "created_at": "Fri Sep 26 18:52:00 +0000 2025",
   "full_text": "RT @bikeunion: Another cyclist hit at the same crossing. How many more before they act?",
   "favorite_count": "2",
   "retweet_count": "0",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31015",
   "created_at": "Sat Sep 27 20:10:00 +0000 2025",
   "full_text": "Rude, rude, rude. How hard is it to hold a door",
   "favorite_count": "4",
   "retweet_count": "4",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31016",
   "created_at": "Mon Sep 29 14:28:00 +0000 2025",
   "full_text": "Still waiting for a refund since April. Liars and crooks, all of them",
   "favorite_count": "6",
   "retweet_count": "0",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31017",
   "created_at": "Tue Sep 30 22:03:00 +0000 2025",
   "full_text": "Oh great, another password reset. Exactly what I needed today",
   "favorite_count": "2",
   "retweet_count": "0",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31018",
   "created_at": "Thu Oct 02 05:12:00 +0000 2025",
   "full_text": "Can people please stop shouting into phones on the train, it drives me mad",
   "favorite_count": "6",
   "retweet_count": "0",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31019",
   "created_at": "Fri Oct 03 16:58:00 +0000 2025",
   "full_text": "My code was fine. His merge broke it. And I get the blame. Infuriating #work",
   "favorite_count": "2",
   "retweet_count": "3",
   "lang": "en",
   "entities": {
    "hashtags": [
     {
      "text": "work"
     }
    ]
   }
  }
 },
 {
  "tweet": {
   "id_str": "31020",
   "created_at": "Sun Oct 05 04:59:00 +0000 2025",
   "full_text": "The new bins come on Wednesday.",
   "favorite_count": "0",
   "retweet_count": "2",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31021",
   "created_at": "Mon Oct 06 11:58:00 +0000 2025",
   "full_text": "I am so mad I could throw this printer out of the window",
   "favorite_count": "6",
   "retweet_count": "0",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31022",
   "created_at": "Tue Oct 07 17:26:00 +0000 2025",
   "full_text": "Nobody takes responsibility here and I am fed up with it",
   "favorite_count": "9",
   "retweet_count": "1",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31023",
   "created_at": "Thu Oct 09 01:46:00 +0000 2025",
   "full_text": "They cancelled my appointment with a text message. After five months. Disgraceful",
   "favorite_count": "3",
   "retweet_count": "0",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31024",
   "created_at": "Fri Oct 10 16:37:00 +0000 2025",
   "full_text": "Took a walk by the river, calmer now #walking",
   "favorite_count": "16",
   "retweet_count": "2",
   "lang": "en",
   "entities": {
    "hashtags": [
     {
      "text": "walking"
     }
    ]
   }
  }
 },
 {
  "tweet": {
   "id_str": "31025",
   "created_at": "Sat Oct 11 22:42:00 +0000 2025",
   "full_text": "Stupid update deleted my notes. I am fuming",
   "favorite_count": "40",
   "retweet_count": "8",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31026",
   "created_at": "Mon Oct 13 14:58:00 +0000 2025",
   "full_text": "Why do I pay for a service that never works, this is a rip off",
   "favorite_count": "0",
   "retweet_count": "2",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31027",
   "created_at": "Tue Oct 14 22:01:00 +0000 2025",
   "full_text": "He took credit for my work in front of everybody. So angry I was shaking #work",
   "favorite_count": "0",
   "retweet_count": "2",
   "lang": "en",
   "entities": {
    "hashtags": [
     {
      "text": "work"
     }
    ]
   }
  }
 },
 {
  "tweet": {
   "id_str": "31028",
   "created_at": "Thu Oct 16 01:46:00 +0000 2025",
   "full_text": "Idiots on scooters on the pavement again, somebody will get hurt",
   "favorite_count": "9",
   "retweet_count": "0",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31029",
   "created_at": "Fri Oct 17 15:00:00 +0000 2025",
   "full_text": "Complaint number 4 filed. They answered with the wrong name. Pathetic",
   "favorite_count": "0",
   "retweet_count": "0",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31030",
   "created_at": "Sun Oct 19 05:33:00 +0000 2025",
   "full_text": "I hate being lied to more than anything",
   "favorite_count": "2",
   "retweet_count": "6",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31031",
   "created_at": "Mon Oct 20 05:52:00 +0000 2025",
   "full_text": "The queue. The ONE open desk. The man on his phone behind it. Rage",
   "favorite_count": "3",
   "retweet_count": "0",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31032",
   "created_at": "Tue Oct 21 21:05:00 +0000 2025",
   "full_text": "Annoyed at everyone and everything today",
   "favorite_count": "3",
   "retweet_count": "0",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31033",
   "created_at": "Thu Oct 23 02:18:00 +0000 2025",
   "full_text": "Do not tell me to calm down when you caused this",
   "favorite_count": "2",
   "retweet_count": "2",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31034",
   "created_at": "Fri Oct 24 19:55:00 +0000 2025",
   "full_text": "My bike was stolen in front of the police station. Bastards",
   "favorite_count": "0",
   "retweet_count": "3",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31035",
   "created_at": "Sun Oct 26 04:54:00 +0000 2025",
   "full_text": "Bad food, rude staff, double charge. Never again. Angry does not cover it",
   "favorite_count": "4",
   "retweet_count": "0",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31036",
   "created_at": "Mon Oct 27 13:46:00 +0000 2025",
   "full_text": "This company treats people like dirt and then asks for five stars",
   "favorite_count": "7",
   "retweet_count": "1",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31037",
   "created_at": "Tue Oct 28 18:10:00 +0000 2025",
   "full_text": "Another \"urgent\" task at 17:58. I'm done being polite #work",
   "favorite_count": "13",
   "retweet_count": "2",
   "lang": "en",
   "entities": {
    "hashtags": [
     {
      "text": "work"
     }
    ]
   }
  }
 },
 {
  "tweet": {
   "id_str": "31038",
   "created_at": "Thu Oct 30 05:34:00 +0000 2025",
   "full_text": "Laundry room is free on Sunday.",
   "favorite_count": "11",
   "retweet_count": "2",
   "lang": "en",
   "entities": {
    "hashtags": []
   }
  }
 },
 {
  "tweet": {
   "id_str": "31039",
   "created_at": "Fri Oct 31 11:15:00 +0000 2025",
   "full_text": "Sick and tired of these excuses, just fix the damn heating #rent",
   "favorite_count": "8",
   "retweet_count": "2",
   "lang": "en",
   "entities": {
    "hashtags": [
     {
      "text": "rent"
     }
    ]
   }
  }
 }
]
