// The result of an analysis: each part asks for what it shows, and all at once.

import { showPictureLink } from "./own_data.js";
import { showHistory } from "./history.js";
import { offerFeedback } from "./feedback.js";
import { showCalendar } from "./calendar.js";
import { showIdeas } from "./recommendations.js";
import { showMood, showMoved } from "./mood.js";
import { showPatterns } from "./patterns.js";
import { showPosts } from "./browse.js";
import { showTimeline } from "./timeline.js";

export async function showResult(user, analysisId, result) {
  showMood(user, result);
  showMoved(user, result);
  showPictureLink(user);
  await Promise.all([
    offerFeedback(analysisId, Boolean(result.mood)),
    showTimeline(user, result),
    showCalendar(user, result),
    showPatterns(user),
    showPosts(user, result),
    showHistory(user, analysisId),
    showIdeas(user, result),
  ]);
}
