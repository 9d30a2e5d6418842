package story

import (
	"fmt"
	"testing"
)

func TestWhatIsUnpackedIsWhatWasPacked(t *testing.T) {
	for _, r := range []report{
		{title: "Twenty-five die, 3rd toll; F-16s hit United Nations depot in 1990s town", summary: "KOHSAR (Reuters) - Two dozen F16s and 1,00,000 people, 3.5 per cent of 90s homes, 12% of 2 lakh."},
		{title: "Watch: Minister not to visit Gulzar", summary: "Short."},
		{title: "گلزار میں ۲۵ افراد ہلاک", summary: "حکام کا کہنا ہے کہ ۲۵ افراد ہلاک ہوئے", lang: "ur"},
		{title: "地震造成25人死亡", summary: "当地官员说,地震造成二十五人死亡,救援人员已经到达现场。", lang: "zh"},
		{title: "แผ่นดินไหวทำให้มีผู้เสียชีวิต 25 ราย", lang: "th"},
		{title: "Землетрясение унесло 25 жизней", lang: "ru"},
		{},
	} {
		s := r.sign()
		if got, want := fmt.Sprintf("%+v", *s.Pack().Unpack()), fmt.Sprintf("%+v", s); got != want {
			t.Errorf("unpacked %s\nof %s", got, want)
		}
	}
}
