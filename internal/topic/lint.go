package topic

import "khyber/internal/news"

func (c *compiler) lint(*topic, map[string]news.Node) {}
