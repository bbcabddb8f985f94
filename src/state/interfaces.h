/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_STATE_INTERFACES_H
#define MONITOR_STATE_INTERFACES_H

#include <stddef.h>
#include <stdint.h>

#include "event/record.h"

struct interface {
	uint8_t address[16], netmask[16];
};

struct interface_list {
	struct interface *items;
	size_t count;
};

/* The machine's addresses: a socket that is bound to none really uses one of them. */
struct interfaces {
	struct interface_list v4, v6;
};

void interfaces_free(struct interfaces *i);

/*
 * The own address that traffic with peer would use: peer itself when it is our own, one of the same network, else the
 * first that is not the loopback; zero when there is none. peer and out: 4 or 16 bytes.
 */
void interfaces_own_v4(const struct interfaces *i, const uint8_t *peer, uint8_t out[4]);
void interfaces_own_v6(const struct interfaces *i, const uint8_t *peer, uint8_t out[16]);

#endif
