// Rates and quantiles from two looks at the same counters.

const failed = new Set(["upstream_error", "unavailable"]);

const total = (counts) => Object.values(counts).reduce((sum, count) => sum + count, 0);

function difference(before, after) {
  const counts = {};
  for (const [name, count] of Object.entries(after)) counts[name] = Math.max(0, count - (before[name] ?? 0));
  return counts;
}

/** What happened between two samples; null if the process started anew between them, or they are the same moment. */
export function between(before, after) {
  const seconds = (new Date(after.at) - new Date(before.at)) / 1000;
  if (seconds <= 0 || total(after.outcomes) < total(before.outcomes)) return null;
  const outcomes = difference(before.outcomes, after.outcomes);
  const requests = total(outcomes);
  const failures = Object.entries(outcomes).reduce((sum, [name, count]) => sum + (failed.has(name) ? count : 0), 0);
  const refused = Object.entries(outcomes).reduce(
    (sum, [name, count]) => sum + (name.startsWith("denied_") ? count : 0),
    0,
  );
  return { seconds, requests, failures, refused, perMinute: (requests * 60) / seconds };
}

/** For how long samples are kept, and the longest pause between two that is no gap, in milliseconds. */
const kept = 3_600_000;
const gap = 15_000;

/** Whether too long a time lies between the samples there are and the one that came. */
export function isBroken(samples, now) {
  return !samples.length || new Date(now.at) - new Date(samples[samples.length - 1].at) > gap;
}

/** The samples with the one that came; the last hour's. */
export function joined(samples, now) {
  const since = new Date(now.at).getTime() - kept;
  return [...samples.filter((sample) => sample.at < now.at && new Date(sample.at).getTime() >= since), now];
}

/** The sample that is `seconds` before the last one, or the first there is. */
export function ago(samples, seconds) {
  const last = samples[samples.length - 1];
  const wanted = new Date(last.at).getTime() - seconds * 1000;
  return samples.findLast((sample) => new Date(sample.at).getTime() <= wanted) ?? samples[0];
}

/** A quantile in seconds of what was counted between two histograms; null without observations. */
export function quantile(before, after, share) {
  const counts = after.counts.map((count, index) => Math.max(0, count - (before.counts[index] ?? 0)));
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) return null;
  let rest = share * all;
  for (let index = 0; index < counts.length; index += 1) {
    if (rest > counts[index]) {
      rest -= counts[index];
      continue;
    }
    const low = index === 0 ? 0 : after.bounds[index - 1];
    const high = after.bounds[index] ?? low;
    return low + ((high - low) * rest) / Math.max(1, counts[index]);
  }
  return after.bounds[after.bounds.length - 1];
}

/** A duration to read. */
export function duration(seconds) {
  if (seconds === null) return "–";
  if (seconds < 0.001) return `${Math.round(seconds * 1e6)} µs`;
  const short = (value) => (value < 99.5 ? value.toPrecision(2) : String(Math.round(value)));
  return seconds < 1 ? `${short(seconds * 1000)} ms` : `${short(seconds)} s`;
}
