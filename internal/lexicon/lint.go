package lexicon

func (r *reader) lint(*Lexicon) {}
