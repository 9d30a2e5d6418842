package bolt

// Queued returns how many writes wait or run.
func (e *Engine) Queued() int {
	e.group.mu.Lock()
	defer e.group.mu.Unlock()
	return len(e.group.queue)
}

// Break does what a write does that could not be synced.
func (e *Engine) Break(err error) error { return e.broken(err) }

// Pages returns the number of pages ever written.
func (e *Engine) Pages() int64 {
	stats := e.db.Stats()
	return stats.TxStats.GetWrite()
}
