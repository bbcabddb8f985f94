/* SPDX-License-Identifier: Apache-2.0 */
#include "net/grpc.h"

#include <errno.h>
#include <stdlib.h>

struct grpc_message *grpc_message_new(size_t len)
{
	struct grpc_message *m;

	if (len > UINT32_MAX)
		return NULL;
	m = malloc(sizeof(*m) + GRPC_PREFIX_BYTES + len);
	if (!m)
		return NULL;
	m->next = NULL;
	m->len = GRPC_PREFIX_BYTES + len;
	m->bytes[0] = 0; /* not compressed */
	for (int i = 0; i < 4; i++)
		m->bytes[1 + i] = (uint8_t)(len >> (24 - 8 * i));
	return m;
}

int grpc_timeout_parse(struct str text, uint64_t *ret_ns)
{
	static const struct {
		char unit;
		uint64_t ns;
	} units[] = {
		{ 'n', 1 },          { 'u', 1000 },        { 'm', 1000000 },
		{ 'S', 1000000000 }, { 'M', 60000000000 }, { 'H', 3600000000000 },
	};
	uint64_t value = 0;

	if (text.len < 2 || text.len > 9)
		return -EINVAL;
	for (size_t i = 0; i + 1 < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return -EINVAL;
		value = value * 10 + (uint64_t)(text.ptr[i] - '0');
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (units[i].unit == text.ptr[text.len - 1]) {
			if (value > UINT64_MAX / units[i].ns)
				return -EINVAL;
			*ret_ns = value * units[i].ns;
			return 0;
		}
	return -EINVAL;
}
