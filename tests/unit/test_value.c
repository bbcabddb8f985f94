/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "field/field.h"

static const struct {
	enum param_type type;
	enum print_format format;
	struct value value;
	const char *text, *json;
} cases[] = {
	{ PT_UINT64, PF_DEC, { .u = UINT64_MAX }, "18446744073709551615", "18446744073709551615" },
	{ PT_INT64, PF_ID, { .i = -7 }, "-7", "-7" },
	{ PT_INT64, PF_NA, { .i = -7 }, "-7", "\"-7\"" },
	{ PT_UINT32, PF_NA, { .u = 7 }, "<NA>", "null" },
	{ PT_INT32, PF_HEX, { .i = -1 }, "FFFFFFFF", "\"FFFFFFFF\"" },
	{ PT_UINT32, PF_HEX, { .u = 0xfe00 }, "FE00", "\"FE00\"" },
	{ PT_UINT32, PF_OCT, { .u = 8 }, "10", "\"10\"" },
	{ PT_RELTIME, PF_10_PADDED_DEC, { .u = 5 }, "000000005", "\"000000005\"" },
	{ PT_BOOL, PF_NA, { .b = true }, "true", "true" },
	{ PT_DOUBLE, PF_NA, { .d = 0.25 }, "0.2", "0.25" },
	{ PT_CHARBUF, PF_NA, { .s = { "a\"b", 3 } }, "a\"b", "\"a\\\"b\"" },
	{ PT_CHARBUF, PF_NA, { .s = { "", 0 } }, "", "\"\"" },
	{ PT_BYTEBUF, PF_NA, { .s = { "a\0b\x80", 4 } }, "a.b.", "\"a.b.\"" },
	{ PT_IPADDR, PF_NA, { .ip = { { 127, 0, 0, 1 }, false } }, "127.0.0.1", "\"127.0.0.1\"" },
	{ PT_IPADDR, PF_NA, { .ip = { { [15] = 1 }, true } }, "::1", "\"::1\"" },
	{ PT_IPNET, PF_NA, { .net = { { { 10 }, false }, 8 } }, "10.0.0.0/8", "\"10.0.0.0/8\"" },
	{ PT_IPNET, PF_NA, { .net = { { { 10 }, false }, 32 } }, "10.0.0.0", "\"10.0.0.0\"" },
	{ PT_PORT, PF_DEC, { .u = 443 }, "443", "443" },
};

static void test_print(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf text auto_strbuf = { 0 }, json auto_strbuf = { 0 };
		struct field_ref ref = { .type = cases[i].type, .format = cases[i].format };
		struct values values = { &cases[i].value, 1 };

		strbuf_adds(&text, "");
		field_print(&text, &ref, PRESENT, &values);
		field_print_json(&json, &ref, PRESENT, &values);
		if (!str_eq(strbuf_str(&text), str_of(cases[i].text)) ||
		    !str_eq(strbuf_str(&json), str_of(cases[i].json)))
			fail_msg("row %zu: %s and %s", i, text.ptr, json.ptr);
	}
}

static void test_several(void **state)
{
	struct value two[2] = { { .s = STR("a") }, { .s = STR("b") } }, ports[2] = { { .u = 1 }, { .u = 2 } };
	struct strbuf out auto_strbuf = { 0 };
	struct field_ref list = { .type = PT_CHARBUF, .list = true },
			 any = { .type = PT_CHARBUF, .several = FIELD_ANY },
			 ends = { .type = PT_PORT, .format = PF_DEC, .several = FIELD_ENDS };

	(void)state;
	field_print(&out, &list, PRESENT, &(struct values){ two, 2 });
	field_print_json(&out, &list, PRESENT, &(struct values){ two, 2 });
	field_print_json(&out, &list, PRESENT, &(struct values){ two, 0 });
	field_print(&out, &any, PRESENT, &(struct values){ two, 2 });
	field_print_json(&out, &any, PRESENT, &(struct values){ two, 2 });
	field_print_json(&out, &ends, PRESENT, &(struct values){ ports, 2 });
	field_print(&out, &ends, PRESENT, &(struct values){ ports, 0 });
	field_print_json(&out, &ends, ABSENT, &(struct values){ ports, 0 });
	assert_string_equal(out.ptr, "(a,b)[\"a\",\"b\"]nulla b\"a b\"[1,2]<NA>null");
}

static void test_long_buffers_are_cut(void **state)
{
	static const char bytes[2000];
	struct value v = { .s = { bytes, sizeof(bytes) } };
	struct strbuf out auto_strbuf = { 0 };

	(void)state;
	value_print(&out, &v, PT_BYTEBUF, PF_NA);
	assert_int_equal(out.len, 1021);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_long_buffers_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
