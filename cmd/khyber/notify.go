package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	sd "github.com/coreos/go-systemd/v22/daemon"

	"khyber/internal/news"
	"khyber/internal/server"
	"khyber/internal/store"
)

const (
	statusEvery   = time.Minute      // how often the supervisor is told how it goes
	leastWatchdog = 30 * time.Second // there is a sign of life each 15 s
)

// tell says something to the supervisor that started the daemon, as
// sd_notify(3) has it. Where there is none, nothing happens.
func (d *daemon) tell(state string) {
	if _, err := sd.SdNotify(false, state); err != nil {
		d.log.Warn("cannot tell the supervisor", "err", err)
	}
}

// upgradeStep is how long a step of an upgrade may take, in microseconds: it is 1,000
// rows, or a copy of the file before the first one.
const upgradeStep = "30000000"

// tellUpgrading asks the supervisor for more time to start.
func tellUpgrading(log *slog.Logger) {
	if _, err := sd.SdNotify(false, "EXTEND_TIMEOUT_USEC="+upgradeStep); err != nil {
		log.Warn("cannot tell the supervisor", "err", err)
	}
}

// tellReady says that requests are answered.
func (d *daemon) tellReady() {
	if every, err := sd.SdWatchdogEnabled(false); err != nil || every > 0 && every < leastWatchdog {
		d.log.Warn("the watchdog barks too early: set WatchdogSec to 60", "dur", every, "err", err)
	}
	d.tell(sd.SdNotifyReady + "\nSTATUS=serves what is kept; the first poll is to come")
}

// reloading says that a file is being read; what it returns says that it is
// over.
func (d *daemon) reloading() (done func()) {
	d.tell(sd.SdNotifyReloading + "\n" + sd.SdNotifyMonotonicUsec())
	return func() { d.tell(sd.SdNotifyReady) }
}

// alive is called by the poller after each turn in which the store answered:
// that, and not a clock of its own, is the sign of life. told is when the
// status was last said.
func (d *daemon) alive(ctx context.Context) func() {
	var told time.Time
	noted := make(map[string]bool)
	return func() {
		d.tell(sd.SdNotifyWatchdog)
		d.noteOwn(ctx, noted)
		now := d.app.now()
		if now.Sub(told) < statusEvery {
			return
		}
		told = now
		late, err := d.server.Look(ctx, d.began)
		if err != nil && ctx.Err() == nil {
			d.log.Error("cannot look whether all is well", "err", err)
		}
		if err == nil {
			d.noteChange(ctx, noted, store.OfLate, late)
		}
		text, err := d.statusText(ctx, now)
		if err != nil {
			text = err.Error()
		}
		d.tell("STATUS=" + text)
	}
}

// noteOwn has the targets of notices told, as soon as they can be reached, what
// is wrong with us and not with a source, and that it no longer is. noted is what
// was noted since the start.
func (d *daemon) noteOwn(ctx context.Context, noted map[string]bool) {
	now := d.poller.Status()
	for of, is := range map[string]bool{store.OfLine: now.OwnOutage, store.OfClock: now.Offset.Abs() > clockFar} {
		var wrong []string
		if is {
			wrong = []string{of}
		}
		d.noteChange(ctx, noted, of, wrong)
	}
}

// noteChange notes that something of us is wrong where nothing was, and the other
// way round.
func (d *daemon) noteChange(ctx context.Context, noted map[string]bool, of string, wrong []string) {
	is := len(wrong) > 0
	if was, known := noted[of]; known && was == is {
		return
	}
	noted[of] = is
	d.note(ctx, of, wrong)
}

// statusText is one line on how it goes: 60 sources, 57 ok, 5 topics.
func (d *daemon) statusText(ctx context.Context, now time.Time) (string, error) {
	states, err := d.store.Sources(ctx)
	if err != nil {
		return "", err
	}
	byID := make(map[string]*news.SourceState, len(states))
	for i := range states {
		byID[states[i].Source] = &states[i]
	}
	cfg := d.config.Load()
	well := 0
	for i := range cfg.Sources {
		src := &cfg.Sources[i]
		state := byID[src.ID]
		if state == nil {
			state = &news.SourceState{}
		}
		if server.ShownState(src, state, now) == news.StateOK {
			well++
		}
	}
	return fmt.Sprintf("%s, %d ok, %s", count(len(cfg.Sources), "source"), well, count(len(cfg.Set.Topics()), "topic")), nil
}
