/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "field/extract.h"
#include "field/field.h"

/*
 * The catalogue beside what Falco says of its fields (falco_fields.def): a field with another type takes
 * other operators, one without a flag is accepted where Falco refuses a rule.
 */
enum argument { ARG_NONE, ARG_ALLOWED, ARG_REQUIRED };
enum falco_flag {
	FALCO_DEPRECATED = 1 << 0,
	FALCO_TABLE_ONLY = 1 << 1,
	FALCO_FILTER_ONLY = 1 << 2,
	FALCO_PRINT_ONLY = 1 << 3,
	FALCO_NO_RHS = 1 << 4,
	FALCO_NO_TRANSFORMER = 1 << 5,
	FALCO_FORMAT_SUGGESTED = 1 << 6,
	FALCO_IS_LIST = 1 << 7,
};

static const struct falco_field {
	const char *name;
	enum param_type type;
	enum print_format format;
	unsigned int flags;
	enum argument argument;
} falco_fields[] = {
#define FALCO_FIELD(name, type, format, flags, argument) { name, PT_##type, PF_##format, flags, ARG_##argument },
#include "falco_fields.def"
#undef FALCO_FIELD
};

static const struct {
	unsigned int ours, falco;
} flags[] = {
	{ FIELD_DEPRECATED, FALCO_DEPRECATED },
	{ FIELD_TABLE_ONLY, FALCO_TABLE_ONLY },
	{ FIELD_FILTER_ONLY, FALCO_FILTER_ONLY },
	{ FIELD_PRINT_ONLY, FALCO_PRINT_ONLY },
	{ FIELD_NO_RHS, FALCO_NO_RHS },
	{ FIELD_NO_TRANSFORMER, FALCO_NO_TRANSFORMER },
	{ FIELD_SUGGESTED, FALCO_FORMAT_SUGGESTED },
	{ FIELD_LIST, FALCO_IS_LIST },
};

static const struct field_info *by_name(const char *name)
{
	const struct field_info *f;

	for (size_t i = 0; (f = field_by_index(i)); i++) {
		if (str_eq(field_name(f), str_of(name)))
			return f;
	}
	return NULL;
}

static enum argument argument_of(const struct field_info *f)
{
	if (f->flags & FIELD_ARG_REQUIRED)
		return ARG_REQUIRED;
	return f->flags & FIELD_ARG_ALLOWED ? ARG_ALLOWED : ARG_NONE;
}

static void test_as_falco(void **state)
{
	unsigned int bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(falco_fields) / sizeof(falco_fields[0]); i++) {
		const struct falco_field *want = &falco_fields[i];
		const struct field_info *f = by_name(want->name);
		unsigned int have = 0;

		if (!f) {
			print_error("%s is missing\n", want->name);
			bad++;
			continue;
		}
		for (size_t k = 0; k < sizeof(flags) / sizeof(flags[0]); k++)
			have |= f->flags & flags[k].ours ? flags[k].falco : 0;
		if (f->type != want->type || f->format != want->format || have != want->flags ||
		    argument_of(f) != want->argument) {
			print_error("%s: type %d/%d, format %d/%d, flags %#x/%#x, argument %d/%d\n", want->name,
				    (int)f->type, (int)want->type, (int)f->format, (int)want->format, have, want->flags,
				    (int)argument_of(f), (int)want->argument);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
}

static void test_no_others(void **state)
{
	const struct field_info *f;

	(void)state;
	for (size_t i = 0; (f = field_by_index(i)); i++) {
		size_t k = 0;

		if (f->flags & FIELD_OURS)
			continue;
		while (k < sizeof(falco_fields) / sizeof(falco_fields[0]) &&
		       !str_eq(field_name(f), str_of(falco_fields[k].name)))
			k++;
		if (k == sizeof(falco_fields) / sizeof(falco_fields[0]))
			fail_msg("%.*s is no field of Falco's, and not marked as ours", STR_ARG(field_name(f)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_falco),
		cmocka_unit_test(test_no_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
