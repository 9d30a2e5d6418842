package main

import (
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
)

// pointForm is how a point of a run is named at which a test kills it.
var pointForm = regexp.MustCompile(`^[a-z]+\.[a-z]+$`)

// crashRule is rule 9: each named point at which a run can be killed is killed
// by a test. A point is what Crash, crash or reached are told.
func crashRule(tr *tree) []string {
	tested := make(map[string]bool)
	for _, f := range tr.files {
		if !f.test {
			continue
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			if text, ok := literal(n); ok && pointForm.MatchString(text) {
				tested[text] = true
			}
			return true
		})
	}
	var out []string
	for _, f := range tr.files {
		if free(f) {
			continue
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 || !tellsPoint(call.Fun) {
				return true
			}
			if point, ok := literal(call.Args[0]); ok && !tested[point] {
				out = append(out, tr.violation(call.Pos(), "rule 9: no test kills a run at %s: add it to one that does", point))
			}
			return true
		})
	}
	return out
}

func literal(n ast.Node) (string, bool) {
	lit, ok := n.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// tellsPoint says whether what is called is told where a run stands.
func tellsPoint(fun ast.Expr) bool {
	name := ""
	switch f := fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	return name == "Crash" || name == "crash" || name == "reached"
}
