// Package store owns what is kept and the one Commit: items by identity,
// revisions, the marks of topics, and the state of sources, all of one poll in
// one transaction.
//
// The rules stand here and nowhere else; an [Engine] contributes storage. What
// a text or a key means is decided by package story, when to poll next by the
// function in [Options]. It must not know HTTP, feeds.yaml or any database.
//
// Why not the obvious, "insert if the guid is unknown, then save the ETag":
// between two transactions a crash leaves a source that answers 304 for ever
// with its items lost, and a guid alone is changed by half of the world's
// sites. Guarantees: after Commit returned nil, its items are durable and in
// their topics exactly once, validators never without them; an error of Commit
// is ambiguous and repeating the call is harmless. What is read of a topic is
// one snapshot.
//
// It starts no goroutine. All methods of a Store may be called concurrently.
package store
