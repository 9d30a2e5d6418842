package storetest_test

import (
	"testing"

	"khyber/internal/store"
	"khyber/internal/store/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(testing.TB) store.Engine { return storetest.Memory() },
		storetest.Hooks{Restart: func(_ storetest.TB, e store.Engine) store.Engine { return storetest.Reopen(e) }})
}
