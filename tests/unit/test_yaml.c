/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "base/limits.h"
#include "base/yaml.h"

/* A tree as one line: kind, position and content of every node. */
static void dump(struct strbuf *out, const struct yaml_node *n)
{
	strbuf_addf(out, "%u:%u", n->at.line, n->at.column);
	switch (n->kind) {
	case YAML_NULL:
		strbuf_adds(out, "~");
		break;
	case YAML_SCALAR:
		strbuf_addf(out, "%c" STR_FMT, n->plain ? '=' : '"', STR_ARG(n->text));
		break;
	case YAML_SEQUENCE:
		strbuf_addc(out, '[');
		for (uint32_t i = 0; i < n->count; i++) {
			strbuf_adds(out, i ? " " : "");
			dump(out, n->items[i]);
		}
		strbuf_addc(out, ']');
		break;
	case YAML_MAP:
		strbuf_addc(out, '{');
		for (uint32_t i = 0; i < n->count; i++) {
			strbuf_adds(out, i ? " " : "");
			dump(out, n->pairs[i].key);
			strbuf_addc(out, '>');
			dump(out, n->pairs[i].value);
		}
		strbuf_addc(out, '}');
		break;
	}
}

static const struct {
	const char *text;
	unsigned int flags;
	int result;
	const char *want; /* the dump, documents joined by |; of an error: line:column */
} cases[] = {
	{ "", 0, 0, "" },
	{ "# nothing\n", 0, 0, "" },
	{ "---\n", 0, 0, "1:0~" },
	{ "a: b\n", 0, 0, "0:0{0:0=a>0:3=b}" },
	{ "- a\n- 'b'\n- \"c\\n\"\n- |\n  d\n", 0, 0, "0:0[0:2=a 1:2\"b 2:2\"c\n 3:2\"d\n]" },
	{ "- rule: x\n  tags:\n  desc: ~\n", 0, 0, "0:0[0:2{0:2=rule>0:8=x 1:2=tags>2:2~ 2:2=desc>2:8~}]" },
	{ "a:\n  b:\n", 0, 0, "0:0{0:0=a>1:2{1:2=b>2:0~}}" }, /* an omitted value stands at what follows */
	{ "a:\n  b:", 0, 0, "0:0{0:0=a>1:2{1:2=b>1:0~}}" },
	{ "- \xc3\xa9:", 0, 0, "0:0[0:2{0:2=\xc3\xa9>0:0~}]" },
	{ "a: 1\n---\nb: 2\n", 0, 0, "0:0{0:0=a>0:3=1}|2:0{2:0=b>2:3=2}" },
	{ "- &x {k: v}\n- *x\n", 0, 0, "0:0[0:2{0:6=k>0:9=v} 0:2{0:6=k>0:9=v}]" },
	{ "\xef\xbb\xbf- a\n", 0, 0, "0:0[0:2=a]" },
	{ "- \xc3\xa9\xc3\xa9: b\n", 0, 0, "0:0[0:2{0:2=\xc3\xa9\xc3\xa9>0:8=b}]" }, /* columns are bytes */
	{ "- a\r\n- b\r\n", 0, 0, "0:0[0:2=a 1:2=b]" },
	{ "- !!str null\n- null\n", 0, 0, "0:0[0:2=null 1:2~]" },
	{ "a: 1\na: 2\n", 0, 0, "0:0{0:0=a>0:3=1 1:0=a>1:3=2}" },
	/* errors */
	{ "- rule: x\n desc: d\n   condition: y\n", 0, -EINVAL, "1:1" },
	{ "- list: x\n  items: [a, b\n", 0, -EINVAL, "2:0" },
	{ "- list: l\n  items: *nope\n", 0, -EINVAL, "1:9" },
	{ "- &a [*a]\n", 0, -EINVAL, "0:6" },
	{ "- a\n\x80", 0, -EINVAL, "1:0" },
	{ "- a\ngarbage\n", 0, -EINVAL, "2:0" },
	{ "- a\ngarbage: x\n", 0, -EINVAL, "1:0" },
	{ "- 'a\n", 0, -EINVAL, "1:0" },
	/* the same, read with forgiveness */
	{ "- a\033[0mb: c\x7f\n", 0, -EINVAL, "0:3" },
	{ "- a\033[0mb: c\x7f\n", YAML_FORGIVING, 0, "0:0[0:2{0:2=a\033[0mb>0:10=c\x7f}]" },
	{ "- \"\xc2\x85\xe2\x80\xa8\": \xe2\x80\xa9\xef\xbf\xbe\n- x\n", YAML_FORGIVING, 0,
	  "0:0[0:2{0:2\"\xc2\x85\xe2\x80\xa8>0:11=\xe2\x80\xa9\xef\xbf\xbe} 1:2=x]" },
	{ "- \001 \xf4\x80\x80\x80\n", YAML_FORGIVING, -EINVAL, "0:2" },
	{ "- \001 \xff\n", YAML_FORGIVING, -EINVAL, "0:2" },
	{ "- \001\nx\002\n", YAML_FORGIVING, 0, "0:0[0:2=\001]|1:0=x\002" },
	{ "- a\ngarbage\n", YAML_FORGIVING, 0, "0:0[0:2=a]|1:0=garbage" },
	{ "- a:\ngarbage\n", YAML_FORGIVING, 0, "0:0[0:2{0:2=a>1:0~}]|1:0=garbage" },
	{ "- a\ngarbage\nb: c\n", YAML_FORGIVING, -EINVAL, "2:1" },
	{ "- a: b\n  c:\n  d\n", YAML_FORGIVING, 0, "0:0[0:2{0:2=a>0:5=b 1:2=c>2:2~ 2:2=d>2:0~}]" },
	{ "- a: b\n  c\n  dd: e\n", YAML_FORGIVING, -EINVAL, "2:4" },
	{ "- a: b\n  c\n  dd: e\n", 0, -EINVAL, "2:2" },
	{ "- a: b\n\t  c: d\n", YAML_FORGIVING, -EINVAL, "1:3" },
	{ "- a: b\n  c:\n \t- e\n", YAML_FORGIVING, -EINVAL, "2:2" },
	{ "- a\nb: c\n", YAML_FORGIVING, 0, "0:0[0:2=a]|1:0{1:0=b>1:3=c}" },
	{ "- \xc3\xa9\ngarbage: [\xc3\xa9, x]\nmore\n", YAML_FORGIVING, 0,
	  "0:0[0:2=\xc3\xa9]|1:0{1:0=garbage>1:9[1:10=\xc3\xa9 1:14=x] 2:0=more>2:0~}" },
	{ "- a: [b]\n\t\n- c\n", 0, -EINVAL, "1:0" },
	{ "- a: [b]\n\t\n- c\n", YAML_FORGIVING, 0, "0:0[0:2{0:2=a>0:5[0:6=b]} 2:2=c]" },
	{ "\t# x\n- a: 'b'\n \t # y\n\t\r\n- c: |\n   x\n   \ty\n\t", YAML_FORGIVING, -EINVAL, "7:1" },
	{ "\t# x\n- a: 'b'\n \t # y\n\t\r\n- c: |\n   x\n   \ty\n- ''\n\t", YAML_FORGIVING, 0,
	  "1:0[1:2{1:2=a>1:5\"b} 4:2{4:2=c>4:5\"x\n\ty\n} 7:2\"]" },
	{ "- a: b\n\t\n- c\n", YAML_FORGIVING, -EINVAL, "1:1" },
	{ "- a: [b]\n\t\n- c:\n\t- d\n", YAML_FORGIVING, -EINVAL, "3:1" },
	{ "- 'a\n", YAML_FORGIVING, 0, "0:0[0:2\"a ]" },
	{ "- \"a\n", YAML_FORGIVING, 0, "0:0[0:2\"a ]" },
};

static void test_load(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_arena struct arena *arena = arena_new(4096);
		struct strbuf out auto_strbuf = { 0 };
		struct yaml_documents docs;
		struct yaml_position where;
		struct error err = { 0 };
		int r = yaml_load(arena, str_of(cases[i].text), cases[i].flags, &docs, &where, &err);

		if (r == 0) {
			for (size_t d = 0; d < docs.count; d++) {
				strbuf_adds(&out, d ? "|" : "");
				dump(&out, docs.list[d]);
			}
		} else {
			assert_true(err.text[0]);
			strbuf_addf(&out, "%u:%u", where.line, where.column);
		}
		if (r != cases[i].result || strcmp(out.len ? out.ptr : "", cases[i].want) != 0)
			fail_msg("%s: %d %s, expected %d %s (%s)", cases[i].text, r, out.ptr, cases[i].result,
				 cases[i].want, err.text);
	}
}

static int load(const char *text, struct yaml_node **ret_root)
{
	static struct arena *arena; /* one for the whole program: freed at its end */
	struct yaml_documents docs;
	struct yaml_position where;
	struct error err;
	int r;

	if (!ret_root) {
		arena_free(arena);
		arena = NULL;
		return 0;
	}
	if (!arena)
		arena = arena_new(1 << 16);
	r = yaml_load(arena, str_of(text), 0, &docs, &where, &err);
	if (r == 0)
		*ret_root = docs.list[0];
	return r;
}

/* Nine levels of ten aliases each: a billion values in 400 bytes. */
static void test_bomb(void **state)
{
	struct strbuf text auto_strbuf = { 0 };
	struct yaml_node *root;

	(void)state;
	strbuf_adds(&text, "- &a0 [x]\n");
	for (int i = 1; i < 10; i++) {
		strbuf_addf(&text, "- &a%d [", i);
		for (int k = 0; k < 10; k++)
			strbuf_addf(&text, "%s*a%d", k ? ", " : "", i - 1);
		strbuf_adds(&text, "]\n");
	}
	assert_int_equal(load(text.ptr, &root), -E2BIG);
}

static void test_depth(void **state)
{
	struct strbuf text auto_strbuf = { 0 };
	struct yaml_node *root;

	(void)state;
	for (int i = 0; i < YAML_DEPTH; i++)
		strbuf_addc(&text, '[');
	for (int i = 0; i < YAML_DEPTH; i++)
		strbuf_addc(&text, ']');
	assert_int_equal(load(text.ptr, &root), 0);
	strbuf_reset(&text);
	for (int i = 0; i < 100000; i++)
		strbuf_addc(&text, '[');
	assert_int_equal(load(text.ptr, &root), -E2BIG);
	/* each level holds the one before: as deep as it is long, by aliases only */
	strbuf_reset(&text);
	strbuf_adds(&text, "- &a0 [x]\n");
	for (int i = 1; i < 200; i++)
		strbuf_addf(&text, "- &a%d [*a%d]\n", i, i - 1);
	assert_int_equal(load(text.ptr, &root), -E2BIG);
}

static void test_get(void **state)
{
	struct yaml_node *root;

	(void)state;
	assert_int_equal(load("{a: 1, b: 2, a: 3, ~: 4}", &root), 0);
	assert_true(str_eq(yaml_get(root, "a")->text, STR("1")));
	assert_null(yaml_get(root, "c"));
	assert_null(yaml_get(yaml_get(root, "a"), "a"));
	assert_null(yaml_get(NULL, "a"));
}

static void test_values(void **state)
{
	static const struct {
		const char *text;
		int is_bool, boolean, is_number;
		uint32_t number;
	} values[] = {
		{ "yes", 0, 1, -EINVAL, 0 },	      { "YES", 0, 1, -EINVAL, 0 },
		{ "Yes", 0, 1, -EINVAL, 0 },	      { "yEs", -EINVAL, 0, -EINVAL, 0 },
		{ "off", 0, 0, -EINVAL, 0 },	      { "n", 0, 0, -EINVAL, 0 },
		{ "'true'", 0, 1, -EINVAL, 0 },	      { "1", -EINVAL, 0, 0, 1 },
		{ "'62'", -EINVAL, 0, 0, 62 },	      { "0x3e", -EINVAL, 0, 0, 62 },
		{ "062", -EINVAL, 0, 0, 50 },	      { "08", -EINVAL, 0, -EINVAL, 0 },
		{ "-1", -EINVAL, 0, -EINVAL, 0 },     { "+1", -EINVAL, 0, 0, 1 },
		{ "4294967295", -EINVAL, 0, 0, UINT32_MAX }, { "4294967296", -EINVAL, 0, -ERANGE, 0 },
		{ "1.0", -EINVAL, 0, -EINVAL, 0 },    { "' 1'", -EINVAL, 0, -EINVAL, 0 },
		{ "'1 '", -EINVAL, 0, 0, 1 },	      { "0", -EINVAL, 0, 0, 0 },
		{ "[1]", -EINVAL, 0, -EINVAL, 0 },    { "~", -EINVAL, 0, -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct yaml_node *root;
		uint32_t number = 0;
		bool boolean = false;

		assert_int_equal(load(values[i].text, &root), 0);
		if (yaml_bool(root, &boolean) != values[i].is_bool || boolean != values[i].boolean ||
		    yaml_u32(root, &number) != values[i].is_number || number != values[i].number)
			fail_msg("%s: bool %d, number %u", values[i].text, boolean, number);
	}
}

static int teardown(void **state)
{
	(void)state;
	return load(NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load),   cmocka_unit_test(test_bomb),   cmocka_unit_test(test_depth),
		cmocka_unit_test(test_get),    cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
