/* SPDX-License-Identifier: Apache-2.0 */
/* Where in the text the parser's marks are: libyaml counts characters, we want bytes. */
#include "base/yaml_internal.h"

static size_t line_start_of(struct str text, size_t offset)
{
	while (offset > 0 && text.ptr[offset - 1] != '\n')
		offset--;
	return offset;
}

void yaml_place_begin(struct yaml_loader *l, size_t base, unsigned int line)
{
	l->base = base;
	l->base_line = line;
	l->cursor.index = 0;
	l->cursor.byte = base;
	l->cursor.line_start = line_start_of(l->text, base);
}

/* The reader has checked the UTF-8 up to any mark that it gives. */
static void cursor_advance(struct yaml_loader *l, size_t index)
{
	if (index < l->cursor.index) {
		l->cursor.index = 0;
		l->cursor.byte = l->base;
		l->cursor.line_start = line_start_of(l->text, l->base);
	}
	while (l->cursor.index < index && l->cursor.byte < l->text.len) {
		if (l->text.ptr[l->cursor.byte++] == '\n')
			l->cursor.line_start = l->cursor.byte;
		while (l->cursor.byte < l->text.len && (l->text.ptr[l->cursor.byte] & 0xc0) == 0x80)
			l->cursor.byte++;
		l->cursor.index++;
	}
}

/* The end of a text that does not end with a line: libyaml puts it into a line of its own. */
static bool is_forced_line(const struct yaml_loader *l, size_t offset, const yaml_mark_t *mark)
{
	return offset == l->text.len && offset > l->base && l->text.ptr[offset - 1] != '\n' && mark->column == 0;
}

struct yaml_position yaml_place(struct yaml_loader *l, const yaml_mark_t *mark)
{
	struct yaml_position at = { .line = l->base_line + (unsigned int)mark->line };

	if (l->ascii) {
		at.offset = l->base + mark->index;
		at.column = (unsigned int)mark->column;
		if (mark->line == 0)
			at.column += (unsigned int)(l->base - line_start_of(l->text, l->base));
		at.line -= is_forced_line(l, at.offset, mark);
		return at;
	}
	cursor_advance(l, mark->index);
	at.offset = l->cursor.byte;
	at.column = is_forced_line(l, at.offset, mark) ? 0 : (unsigned int)(at.offset - l->cursor.line_start);
	at.line -= is_forced_line(l, at.offset, mark);
	return at;
}

struct yaml_position yaml_place_of_offset(struct str text, size_t offset)
{
	struct yaml_position at = { .offset = offset < text.len ? offset : text.len };

	for (size_t i = 0; i < at.offset; i++)
		at.line += text.ptr[i] == '\n';
	at.column = (unsigned int)(at.offset - line_start_of(text, at.offset));
	return at;
}
