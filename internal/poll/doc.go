// Package poll owns time: when which source is asked, how often, after what,
// and in which company. [Poller.PollSource] is the way of an item from a source
// to the store, the function to read first; [Next] is the arithmetic of when to
// ask again, a pure function that Commit calls.
//
// It must not know how a document is fetched, parsed, matched or kept. It hands
// values from one to the next.
//
// How it works: one entry of robfig/cron wakes [Poller.Run] every 15 seconds. It
// claims what falls due before the next tick and starts each source at its own
// second, through a queue per registrable domain: one request at a time and a
// gap between two, so that jitter is not what politeness depends on. Waits run
// on the monotonic clock, and only what is stored is wall-clock time; so a
// clock that is set neither freezes polling nor makes a burst.
//
// Goroutines: Run is one, cron's is another, and each poll under way is one.
// Run owns the queue and waits for all of them before it returns. The rest is
// shared and guarded: the configuration (swapped as a whole by
// [Poller.Apply]), the judgement about our own line, the counters of
// [Poller.Status].
//
// Standards: RFC 9110 §10.2.3 (Retry-After), §15.4 (redirects), §15.5.11 (410);
// RFC 9111 §4.2 (freshness); RFC 6585 §4 (429); RSS 2.0 (ttl, skipHours,
// skipDays).
package poll
