package main

import "context"

// reload puts in force what the file says now. A file with mistakes changes
// nothing but the page that shows them (P8).
func (d *daemon) reload(ctx context.Context) error {
	cfg, problems := d.app.load()
	if cfg == nil {
		for _, p := range problems {
			d.log.Error("config refused", "file", p.File, "problems", p.String())
		}
		d.server.Refuse(problems)
		return nil
	}
	if err := d.apply(ctx, cfg, problems, false); err != nil {
		return err
	}
	d.log.Info("reloaded", "file", d.app.config)
	return nil
}
