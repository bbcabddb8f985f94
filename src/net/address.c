/* SPDX-License-Identifier: Apache-2.0 */
#include "net/address.h"

#include <errno.h>
#include <string.h>

int address_split(const char *address, char *ret_host, size_t host_size, const char **ret_port)
{
	const char *colon = strrchr(address, ':'), *begin = address;
	size_t len = colon ? (size_t)(colon - address) : 0;

	if (!colon || !colon[1])
		return -EINVAL;
	if (len >= 2 && begin[0] == '[' && begin[len - 1] == ']') {
		begin++;
		len -= 2;
	}
	if (len >= host_size)
		return -EINVAL;
	memcpy(ret_host, begin, len);
	ret_host[len] = 0;
	*ret_port = colon + 1;
	return 0;
}
