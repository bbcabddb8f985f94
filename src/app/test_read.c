/* SPDX-License-Identifier: Apache-2.0 */
/* What every reader of test files uses: faults with their place, nodes as checked values. */
#include "app/test_read.h"

#include <errno.h>

#include "base/parse.h"

int test_fault(const struct test_file *f, const struct yaml_node *node, struct error *err, const char *format, ...)
{
	struct error reason;
	va_list args;

	va_start(args, format);
	error_setv(&reason, -EINVAL, format, args);
	va_end(args);
	return error_set(err, -EINVAL, STR_FMT ":%u:%u: %s", STR_ARG(f->path), node->at.line + 1, node->at.column + 1,
			 reason.text);
}

int test_add_note(struct test_file *f, struct test_case *c, const struct yaml_node *node, const char *format, ...)
{
	struct test_note *n = arena_new_of(f->arena, struct test_note), **end = &c->notes;
	struct error text;
	va_list args;

	if (!n)
		return -ENOMEM;
	va_start(args, format);
	error_setv(&text, 0, format, args);
	va_end(args);
	n->text = arena_printf(f->arena, "line %u: %s", node->at.line + 1, text.text);
	while (*end)
		end = &(*end)->next;
	*end = n;
	return n->text.ptr ? 0 : -ENOMEM;
}

int test_out_of_memory(struct error *err)
{
	return error_set(err, -ENOMEM, "out of memory");
}

/* ---- values ---- */

int test_kind(const struct test_file *f, const struct yaml_node *node, enum yaml_kind kind, struct error *err)
{
	static const char *const words[] = { "nothing", "a text", "a list", "a map" };

	if (node->kind == kind)
		return 0;
	return test_fault(f, node, err, "%s was expected, not %s", words[kind], words[node->kind]);
}

int test_text(const struct test_file *f, const struct yaml_node *node, struct str *ret_text, struct error *err)
{
	int r = test_kind(f, node, YAML_SCALAR, err);

	if (r == 0)
		*ret_text = node->text;
	return r;
}

int test_text_or(const struct test_file *f, const struct yaml_node *map, const char *key, struct str fallback,
		 struct str *ret_text, struct error *err)
{
	const struct yaml_node *node = yaml_get(map, key);

	*ret_text = fallback;
	return node ? test_text(f, node, ret_text, err) : 0;
}

int test_i64(const struct test_file *f, const struct yaml_node *node, int64_t *ret_value, struct error *err)
{
	int r = test_kind(f, node, YAML_SCALAR, err);

	if (r < 0)
		return r;
	if (parse_i64(node->text, ret_value) < 0)
		return test_fault(f, node, err, "\"" STR_FMT "\" is no number", STR_ARG(node->text));
	return 0;
}

int test_u32(const struct test_file *f, const struct yaml_node *node, uint32_t *ret_value, struct error *err)
{
	int r = test_kind(f, node, YAML_SCALAR, err);

	if (r < 0)
		return r;
	if (parse_u32(node->text, ret_value) < 0)
		return test_fault(f, node, err, "\"" STR_FMT "\" is no number from 0 to 4294967295",
				  STR_ARG(node->text));
	return 0;
}

int test_list(const struct test_file *f, const struct yaml_node *node, struct str *ret_list, struct error *err)
{
	auto_strbuf struct strbuf list = { 0 };
	struct str item;
	int r;

	if (node->kind == YAML_SCALAR) {
		bool inside = false;

		for (size_t i = 0; i < node->text.len; i++) {
			bool blank = node->text.ptr[i] == ' ' || node->text.ptr[i] == '\n';

			if (!blank)
				strbuf_addc(&list, node->text.ptr[i]);
			else if (inside)
				strbuf_addc(&list, 0);
			inside = !blank;
		}
		if (inside)
			strbuf_addc(&list, 0);
	} else {
		r = test_kind(f, node, YAML_SEQUENCE, err);
		for (uint32_t i = 0; r == 0 && i < node->count; i++) {
			r = test_text(f, node->items[i], &item, err);
			if (r == 0) {
				strbuf_addstr(&list, item);
				strbuf_addc(&list, 0);
			}
		}
		if (r < 0)
			return r;
	}
	item = arena_str(f->arena, strbuf_str(&list));
	if (list.failed || !item.ptr)
		return test_out_of_memory(err);
	*ret_list = item;
	return 0;
}

struct str test_path(const struct test_file *f, struct str path)
{
	const char *slash = str_last(f->path, '/');

	if (!slash || (path.len && path.ptr[0] == '/'))
		return arena_str(f->arena, path);
	return arena_printf(f->arena, STR_FMT "/" STR_FMT, (int)(slash - f->path.ptr), f->path.ptr, STR_ARG(path));
}
