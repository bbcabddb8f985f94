/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/socket.h>

#include "base/cleanup.h"
#include "tracer/decode_exec.h"
#include "tracer/decode_step.h"
#include "tracer/open_flags.h"

/*
 * From a test on an event's parameter back to tests on the register. What cannot be turned back exactly is left
 * weaker (the filter then passes more calls to us than match) or refused; it is never made stronger.
 */

struct alternatives {
	struct native_test list[NATIVE_TESTS];
	size_t count;
	bool too_many;
};

/* Demands of every alternative that one of the n tests holds as well; alternatives that contradict it vanish. */
static void demand(struct alternatives *a, const struct native_test *tests, size_t n)
{
	struct alternatives out = { .too_many = a->too_many };

	for (size_t i = 0; i < a->count; i++) {
		for (size_t k = 0; k < n; k++) {
			const struct native_test *old = &a->list[i], *more = &tests[k];

			if ((old->value ^ more->value) & old->mask & more->mask)
				continue;
			if (out.count == NATIVE_TESTS) {
				out.too_many = true;
				break;
			}
			out.list[out.count++] =
				(struct native_test){ old->arg, old->mask | more->mask, old->value | more->value };
		}
	}
	*a = out;
}

/* One event bit, set by any of the native bits. */
static void demand_bit(struct alternatives *a, uint64_t native, bool set)
{
	struct native_test one[64];
	size_t n = 0;

	if (!set) {
		one[n++] = (struct native_test){ 0, native, 0 };
	} else {
		for (unsigned int i = 0; i < 64; i++) {
			if (native >> i & 1)
				one[n++] = (struct native_test){ 0, UINT64_C(1) << i, UINT64_C(1) << i };
		}
	}
	demand(a, one, n);
}

/* The native bits of one event bit: 0 = only the result or the monitor knows it. */
static uint64_t native_bits(const struct step *s, uint32_t event)
{
	uint64_t native = 0;

	if (s->put == put_open_flags || s->put == put_bare_open_flags)
		return open_flag_native(event, &native) ? native : 0;
	for (size_t i = 0; i < s->set->count; i++) {
		if (s->set->rows[i].event & event)
			native |= s->set->rows[i].native;
	}
	return native;
}

/* The access mode of open(2) is a number, and 3 counts as reading (open_flags.c). */
static void demand_access(struct alternatives *a, uint64_t mask, uint64_t value)
{
	static const uint8_t event_of[] = { 1, 2, 3, 1 };
	struct native_test modes[ARRAY_SIZE(event_of)];
	size_t n = 0;

	for (unsigned int mode = 0; mode < ARRAY_SIZE(event_of); mode++) {
		if ((event_of[mode] & mask) == (value & 3))
			modes[n++] = (struct native_test){ 0, 3, mode };
	}
	demand(a, modes, n);
}

static bool bits_test(const struct step *s, uint64_t mask, uint64_t value, struct alternatives *a)
{
	unsigned int first = 0;

	if (s->put == put_open_flags) {
		if (mask & 3)
			demand_access(a, mask & 3, value);
		first = 2;
	}
	for (unsigned int i = first; i < 32; i++) {
		uint32_t bit = UINT32_C(1) << i;
		uint64_t native = mask & bit ? native_bits(s, bit) : 0;

		if (!(mask & bit))
			continue;
		if (!native && value & bit)
			return false;
		if (native)
			demand_bit(a, native, value & bit);
	}
	return true;
}

static bool enumeration_test(const struct step *s, uint64_t mask, uint64_t value, struct alternatives *a)
{
	a->count = 0;
	if ((s->set->others & mask) == value)
		return false; /* any number that no row has */
	for (size_t i = 0; i < s->set->count; i++) {
		if ((s->set->rows[i].event & mask) != value)
			continue;
		if (a->count == NATIVE_TESTS)
			return false;
		a->list[a->count++] = (struct native_test){ 0, UINT32_MAX, s->set->rows[i].native };
	}
	return true;
}

/* A parameter that is the register: its low bits, as many as the parameter has. */
static bool register_test(const struct step *s, unsigned int size, uint64_t mask, uint64_t value,
			  struct alternatives *a)
{
	unsigned int bits = s->put == put_raw ? 8 * size : 32;
	uint64_t low = bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;

	demand(a, &(struct native_test){ 0, mask & low, value & low }, 1);
	return true;
}

/* Packet sockets may be asked for as internet sockets (put_domain()). */
static bool domain_test(const struct step *s, uint64_t mask, uint64_t value, struct alternatives *a)
{
	register_test(s, sizeof(uint32_t), mask, value, a);
	if ((AF_PACKET & mask) == value)
		a->list[a->count++] = (struct native_test){ 0, UINT32_MAX, AF_INET };
	return true;
}

bool decode_native_test(const struct arg_test *test, uint16_t event, struct native_test ret_tests[NATIVE_TESTS],
			size_t *ret_count)
{
	const struct step *s = decode_step(event, test->param);
	struct alternatives a = { .list = { { 0 } }, .count = 1 };
	uint64_t mask = test->mask, value = test->value & test->mask;
	int size = s ? param_type_integer_size(event_table[event].params[test->param].type) : 0;
	bool good = false;

	if (!size)
		return false;
	if (test->negated) {
		if (mask & (mask - 1))
			return false;
		value ^= mask; /* one bit: not this means the other */
	}
	if (s->put == put_raw || s->put == put_int || s->put == put_u32)
		good = register_test(s, (unsigned int)(size < 0 ? -size : size), mask, value, &a);
	else if (s->put == put_domain)
		good = domain_test(s, mask, value, &a);
	else if (s->put == put_bits && s->set->enumeration)
		good = enumeration_test(s, mask, value, &a);
	else if (s->put == put_bits || s->put == put_open_flags || s->put == put_bare_open_flags)
		good = bits_test(s, mask, value, &a);
	if (!good || a.too_many || !a.count || !a.list[0].mask)
		return false;
	for (size_t i = 0; i < a.count; i++) {
		ret_tests[i] = a.list[i];
		ret_tests[i].arg = s->arg;
	}
	*ret_count = a.count;
	return true;
}
