package store

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"khyber/internal/news"
)

// togetherMost is how many stories are read as one: a person made each joint.
const togetherMost = 64

// joint says that a person made one story of two. Their members stay where they
// are, and so do the addresses of both; who reads one reads the other too.
type joint struct {
	Story     news.ItemID // the other one
	Low, High news.ItemID // the items by which it was done
	Leads     bool        // the other one gives both their ID
}

// readJoints returns the joints of each story.
func readJoints(tx ReadTx, stories []news.ItemID) ([][]joint, error) {
	keys := make([]string, len(stories))
	for i, id := range stories {
		keys[i] = id.String()
	}
	rows, err := tx.Rows(TableJoints, keys)
	if err != nil {
		return nil, err
	}
	out := make([][]joint, len(stories))
	for i, row := range rows {
		if row == nil {
			continue
		}
		if err := json.Unmarshal(row, &out[i]); err != nil {
			return nil, fmt.Errorf("what belongs to story %s by hand: %w", stories[i], err)
		}
	}
	return out, nil
}

// putJoints keeps the joints of a story; none: it has none any more.
func putJoints(tx Tx, of news.ItemID, joints []joint) error {
	row := Row{Key: of.String()}
	if len(joints) > 0 {
		var err error
		if row.Value, err = json.Marshal(joints); err != nil {
			return fmt.Errorf("what belongs to story %s by hand: %w", of, err)
		}
	}
	return tx.PutRows(TableJoints, []Row{row})
}

// together returns the stories that are read as one with a story, that one
// included; the first is the one that gives its ID.
func together(tx ReadTx, id news.ItemID) ([]news.ItemID, error) {
	all := []news.ItemID{id}
	var led []news.ItemID
	for next := all; len(next) > 0 && len(all) < togetherMost; {
		found, err := readJoints(tx, next)
		if err != nil {
			return nil, err
		}
		from := next
		next = nil
		for i, joints := range found {
			for _, j := range joints {
				if j.Leads {
					led = append(led, from[i])
				}
				if !slices.Contains(all, j.Story) {
					all = append(all, j.Story)
					next = append(next, j.Story)
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b news.ItemID) int {
		return cmp.Or(rank(!slices.Contains(led, a))-rank(!slices.Contains(led, b)), cmp.Compare(a, b))
	})
	return all, nil
}

// combine makes one story of two, of which the first gives the ID.
func combine(tx Tx, first, later, low, high news.ItemID) error {
	ends := []news.ItemID{first, later}
	found, err := readJoints(tx, ends)
	if err != nil {
		return err
	}
	for i, of := range ends {
		j := joint{Story: ends[1-i], Low: low, High: high, Leads: of == later}
		joints := slices.DeleteFunc(found[i], func(old joint) bool { return old.Story == j.Story })
		if err := putJoints(tx, of, append(joints, j)); err != nil {
			return err
		}
	}
	return nil
}

// divide undoes combine. Where the two stay together through other stories, the
// later one leaves those too.
func divide(tx Tx, first, later news.ItemID) error {
	if err := unjoin(tx, first, later); err != nil {
		return err
	}
	all, err := together(tx, later)
	if err != nil || !slices.Contains(all, first) {
		return err
	}
	found, err := readJoints(tx, []news.ItemID{later})
	if err != nil {
		return err
	}
	for _, j := range found[0] {
		if err := unjoin(tx, later, j.Story); err != nil {
			return err
		}
	}
	return nil
}

// unjoin drops the joint of two stories.
func unjoin(tx Tx, a, b news.ItemID) error {
	ends := []news.ItemID{a, b}
	found, err := readJoints(tx, ends)
	if err != nil {
		return err
	}
	for i, of := range ends {
		if err := putJoints(tx, of, slices.DeleteFunc(found[i], func(j joint) bool { return j.Story == ends[1-i] })); err != nil {
			return err
		}
	}
	return nil
}
