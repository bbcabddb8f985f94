/* SPDX-License-Identifier: Apache-2.0 */
/* What the nodes of a document say. */
#include <errno.h>

#include "base/parse.h"
#include "base/yaml.h"

struct yaml_node *yaml_get(const struct yaml_node *node, const char *key)
{
	struct str wanted = str_of(key);

	if (!node || node->kind != YAML_MAP)
		return NULL;
	for (uint32_t i = 0; i < node->count; i++)
		if (node->pairs[i].key->kind == YAML_SCALAR && str_eq(node->pairs[i].key->text, wanted))
			return node->pairs[i].value;
	return NULL;
}

/* lower, UPPER or Capitalised */
static bool is_word(struct str s, struct str lower)
{
	unsigned int upper = 0;

	if (!str_ieq(s, lower))
		return false;
	for (size_t i = 0; i < s.len; i++)
		upper += s.ptr[i] >= 'A' && s.ptr[i] <= 'Z';
	return upper == 0 || upper == s.len || (upper == 1 && s.ptr[0] >= 'A' && s.ptr[0] <= 'Z');
}

int yaml_bool(const struct yaml_node *node, bool *ret_value)
{
	static const struct {
		struct str yes, no;
	} words[] = { { { "y", 1 }, { "n", 1 } },
		      { { "yes", 3 }, { "no", 2 } },
		      { { "true", 4 }, { "false", 5 } },
		      { { "on", 2 }, { "off", 3 } } };

	if (node->kind != YAML_SCALAR)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (is_word(node->text, words[i].yes) || is_word(node->text, words[i].no)) {
			*ret_value = is_word(node->text, words[i].yes);
			return 0;
		}
	}
	return -EINVAL;
}

int yaml_u32(const struct yaml_node *node, uint32_t *ret_value)
{
	struct str s = node->text;
	uint64_t value = 0;
	int base = 10;

	if (node->kind != YAML_SCALAR)
		return -EINVAL;
	while (s.len && strchr(" \t\n\r", s.ptr[s.len - 1]))
		s.len--;
	if (s.len && s.ptr[0] == '+')
		s = (struct str){ s.ptr + 1, s.len - 1 };
	if (s.len > 2 && s.ptr[0] == '0' && (s.ptr[1] | 0x20) == 'x') {
		base = 16;
		s = (struct str){ s.ptr + 2, s.len - 2 };
	} else if (s.len > 1 && s.ptr[0] == '0') {
		base = 8;
	}
	if (s.len == 0)
		return -EINVAL;
	for (size_t i = 0; i < s.len; i++) {
		int digit = parse_hex_digit(s.ptr[i]);

		if (digit < 0 || digit >= base)
			return -EINVAL;
		value = value * (uint64_t)base + (uint64_t)digit;
		if (value > UINT32_MAX)
			return -ERANGE;
	}
	*ret_value = (uint32_t)value;
	return 0;
}
