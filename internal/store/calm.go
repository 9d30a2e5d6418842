package store

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"khyber/internal/news"
	"khyber/internal/story"
)

// calmMost is the largest number of publishers that a reader of a topic can ask
// for.
const calmMost = 9

// calmOrigin is where the entries of a topic are filed whose story n publishers
// have told in words of their own, in the order in which that came to be. They
// stay: a reader has seen them.
func calmOrigin(origin string, n int) string { return origin + "\n" + strconv.Itoa(n) }

// level returns how many publishers have told stories that are read as one, at
// most calmMost; the highest count ever, when it was two or more.
func level(tx ReadTx, stories []news.ItemID) (int, error) {
	keys := make([]string, len(stories))
	for i, id := range stories {
		keys[i] = id.String()
	}
	rows, err := tx.Rows(TableLevels, keys)
	most := 0
	for _, row := range rows {
		if row != nil {
			most = max(most, int(row[0]))
		}
	}
	return most, err
}

// reach files the members of stories that are read as one, when more publishers
// have told them than before.
func (r *relation) reach(stories []news.ItemID, all []Member, faces map[news.ItemID]*face) error {
	if len(all) < 2 {
		return nil
	}
	var members []story.Member
	groups := make(map[news.ItemID][]news.ItemID)
	for _, m := range all {
		if f := faces[m.Item]; f != nil {
			members = append(members, story.Member{ID: m.Item, FirstSeen: f.firstSeen, Publisher: f.publisher})
			if m.Group != 0 {
				groups[m.Group] = append(groups[m.Group], m.Item)
			}
		}
	}
	_, now := story.Corroboration(members, slices.Collect(maps.Values(groups)))
	now = min(now, calmMost)
	if now < 2 {
		return nil
	}
	before, err := level(r.tx, stories)
	if err != nil || now <= before {
		return err
	}
	if err := r.tx.PutRows(TableLevels, []Row{{stories[0].String(), []byte{byte(now)}}}); err != nil {
		return err
	}
	slices.SortFunc(members, func(a, b story.Member) int { return cmp.Or(a.FirstSeen.Compare(b.FirstSeen), cmp.Compare(a.ID, b.ID)) })
	joins := make(map[string][]Joined)
	for _, m := range members {
		f := faces[m.ID]
		for _, t := range f.topics {
			joins[t] = append(joins[t], Joined{
				Item: m.ID, At: seconds(r.poll.At), News: !r.poll.Baseline && r.poll.At.Sub(f.at) < newsAge,
			})
		}
	}
	return calm(r.tx, r.view, joins, max(before+1, 2), now)
}

// calm files entries of topics from one number of publishers to another.
func calm(tx Tx, v *view, joins map[string][]Joined, from, to int) error {
	for _, topic := range slices.Sorted(maps.Keys(joins)) {
		name, known := v.topics[topic]
		if !known {
			continue
		}
		for n := from; n <= to; n++ {
			if _, err := tx.Append(calmOrigin(name.origin, n), joins[topic]); err != nil {
				return err
			}
		}
	}
	return nil
}

// calmJoined files items that join topics and whose story several publishers
// have told already.
func calmJoined(tx Tx, v *view, joins map[string][]Joined) error {
	for _, topic := range slices.Sorted(maps.Keys(joins)) {
		ids := make([]news.ItemID, len(joins[topic]))
		for i, j := range joins[topic] {
			ids[i] = j.Item
		}
		kin, err := tx.Kin(ids)
		if err != nil {
			return err
		}
		for i, j := range joins[topic] {
			stories, err := together(tx, of(kin[i]))
			if err != nil {
				return err
			}
			to, err := level(tx, stories)
			if err != nil {
				return err
			}
			if err := calm(tx, v, map[string][]Joined{topic: {j}}, 2, to); err != nil {
				return err
			}
		}
	}
	return nil
}
