/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parse.h"

#include <errno.h>
#include <limits.h>

int parse_hex_digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int parse_digits(struct str s, uint64_t base, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (s.len == 0)
		return -EINVAL;
	for (size_t i = 0; i < s.len; i++) {
		int digit = parse_hex_digit(s.ptr[i]);

		if (digit < 0 || (uint64_t)digit >= base)
			return -EINVAL;
	}
	for (size_t i = 0; i < s.len; i++)
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)parse_hex_digit(s.ptr[i]), &value))
			return -ERANGE;
	*ret_value = value;
	return 0;
}

int parse_u64(struct str s, uint64_t *ret_value)
{
	if (s.len > 2 && s.ptr[0] == '0' && (s.ptr[1] == 'x' || s.ptr[1] == 'X'))
		return parse_hex_u64((struct str){ s.ptr + 2, s.len - 2 }, ret_value);
	return parse_digits(s, 10, ret_value);
}

int parse_hex_u64(struct str s, uint64_t *ret_value)
{
	return parse_digits(s, 16, ret_value);
}

int parse_i64(struct str s, int64_t *ret_value)
{
	bool negative = s.len && s.ptr[0] == '-';
	uint64_t magnitude;
	int r;

	if (s.len && (s.ptr[0] == '-' || s.ptr[0] == '+'))
		s = (struct str){ s.ptr + 1, s.len - 1 };
	r = parse_u64(s, &magnitude);
	if (r < 0)
		return r;
	if (magnitude > (uint64_t)INT64_MAX + negative)
		return -ERANGE;
	*ret_value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
	return 0;
}

int parse_u32(struct str s, uint32_t *ret_value)
{
	uint64_t wide;
	int r = parse_u64(s, &wide);

	if (r < 0)
		return r;
	if (wide > UINT32_MAX)
		return -ERANGE;
	*ret_value = (uint32_t)wide;
	return 0;
}

int parse_int(struct str s, int *ret_value)
{
	int64_t wide;
	int r = parse_i64(s, &wide);

	if (r < 0)
		return r;
	if (wide < INT_MIN || wide > INT_MAX)
		return -ERANGE;
	*ret_value = (int)wide;
	return 0;
}
