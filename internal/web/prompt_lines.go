package web

import "github.com/bellwire/bellwire/views/prompts"

// maxTable bounds the work of a comparison: larger ones are not looked at line
// by line where they differ.
const maxTable = 1 << 20

// besideLines pairs the lines of two texts: what both have stands in one row,
// and what differs between stands beside each other as far as it goes.
func besideLines(left, right []string) []prompts.Line {
	var lines []prompts.Line
	same := func(from, to int) {
		for _, text := range left[from:to] {
			lines = append(lines, prompts.Line{Left: text, Right: text})
		}
	}
	start := 0
	for start < len(left) && start < len(right) && left[start] == right[start] {
		start++
	}
	end := 0
	for end < len(left)-start && end < len(right)-start && left[len(left)-1-end] == right[len(right)-1-end] {
		end++
	}
	same(0, start)
	lines = append(lines, differing(left[start:len(left)-end], right[start:len(right)-end])...)
	same(len(left)-end, len(left))
	return lines
}

// differing pairs what lies between equal beginnings and ends, by the longest
// line of lines that both have.
func differing(left, right []string) []prompts.Line {
	if len(left)*len(right) > maxTable {
		return changedLines(left, right)
	}
	longest := make([][]int32, len(left)+1)
	for i := range longest {
		longest[i] = make([]int32, len(right)+1)
	}
	for i := len(left) - 1; i >= 0; i-- {
		for j := len(right) - 1; j >= 0; j-- {
			if left[i] == right[j] {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	var lines []prompts.Line
	i, j, fromLeft, fromRight := 0, 0, 0, 0
	for i < len(left) && j < len(right) {
		switch {
		case left[i] == right[j]:
			lines = append(lines, changedLines(left[fromLeft:i], right[fromRight:j])...)
			lines = append(lines, prompts.Line{Left: left[i], Right: right[j]})
			i, j = i+1, j+1
			fromLeft, fromRight = i, j
		case longest[i+1][j] >= longest[i][j+1]:
			i++
		default:
			j++
		}
	}
	return append(lines, changedLines(left[fromLeft:], right[fromRight:])...)
}

func changedLines(left, right []string) []prompts.Line {
	lines := make([]prompts.Line, max(len(left), len(right)))
	for i := range lines {
		lines[i].Changed = true
		if lines[i].LeftMissing = i >= len(left); !lines[i].LeftMissing {
			lines[i].Left = left[i]
		}
		if lines[i].RightMissing = i >= len(right); !lines[i].RightMissing {
			lines[i].Right = right[i]
		}
	}
	return lines
}
