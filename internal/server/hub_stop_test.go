package server

import (
	"context"
	"testing"
)

// TestRunOfTheHubThatIsStoppedAtOnceIsNoFailure stops both sides of WebSub
// before they have read what is kept.
func TestRunOfTheHubThatIsStoppedAtOnceIsNoFailure(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	rows := stoppedRows{}
	if err := newHub(nil, rows, nil).Run(ctx); err != nil {
		t.Errorf("hub: %v", err)
	}
	if err := (&Upstream{rows: rows}).Run(ctx, func(string) {}); err != nil {
		t.Errorf("subscriber: %v", err)
	}
}

// stoppedRows answer as a store does when ctx has ended.
type stoppedRows struct {
	HubStore
	SubscriptionStore
}

func (stoppedRows) HubRows(ctx context.Context) (map[string][]byte, error) { return nil, ctx.Err() }

func (stoppedRows) Subscriptions(ctx context.Context) (map[string][]byte, error) {
	return nil, ctx.Err()
}
