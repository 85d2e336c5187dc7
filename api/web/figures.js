// Numbers, days and times as words. Days are those of the reader's time zone.

export const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

export const number = (count) => count.toLocaleString();

export const posts = (count) => `${number(count)} ${count === 1 ? "post" : "posts"}`;

export const percent = (share) => `${Math.round(share * 100)}\u00a0%`;

// A date without a time, such as 2025-03-01, whatever the reader's time zone.
export const date = (iso) =>
  new Date(`${iso}T00:00:00Z`).toLocaleDateString(undefined, { dateStyle: "medium", timeZone: "UTC" });

// The day of a time.
export const day = (iso) => new Date(iso).toLocaleDateString(undefined, { dateStyle: "medium" });

export const moment = (iso) =>
  new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

// The same day as the API writes it.
export const isoDay = (time) => {
  const local = new Date(time);
  const two = (value) => String(value).padStart(2, "0");
  return `${local.getFullYear()}-${two(local.getMonth() + 1)}-${two(local.getDate())}`;
};

export const lightAndHeavy = (each) =>
  `${percent(each.positivity)} light, ${percent(each.negativity)} heavy`;

// How far light feelings outweigh heavy ones: below 0 where they do not.
export const lean = ({ positivity, negativity }) => positivity - negativity;

// Whether two of them are told apart by the numbers that are shown.
export const differ = (one, other) => lightAndHeavy(one) !== lightAndHeavy(other);
