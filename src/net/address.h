/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_NET_ADDRESS_H
#define MONITOR_NET_ADDRESS_H

#include <stddef.h>

/* "host:port" or "[host]:port" in two; *ret_port points into address. -EINVAL when it is neither. */
int address_split(const char *address, char *ret_host, size_t host_size, const char **ret_port);

#endif
