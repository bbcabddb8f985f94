/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_STATE_FDORDER_H
#define MONITOR_STATE_FDORDER_H

#include <stddef.h>
#include <stdint.h>

/*
 * The order in which Falco goes over a process's descriptors, which %fd.types shows. Its table is a chained hash of the
 * plain numbers: a new element goes to the front of everything, or of its bucket when that has others; growing puts the
 * elements into new buckets in the order in which they stand, so it turns them around. A fork adds one by one.
 *
 * Kept here is little: a key for each small number, lower for later ones. Buckets are only looked at when somebody asks
 * for the order. A bucket that was held open by a descriptor that is closed since may stand elsewhere in Falco.
 */
struct fd;
struct fdtable;

struct fdorder {
	int32_t *keys; /* parallel to fdtable.direct; of numbers that are not in the table without meaning */
	int32_t front; /* the lowest key */
	uint32_t buckets; /* the table grows when it has as many elements */
};

/*
 * The table is about to hold one more than its buckets, or the keys have run out. Memory that is short costs
 * the order only.
 */
void fdorder_grow(struct fdtable *t);
/* All descriptors in order, to be freed by the caller; NULL when memory is short or there are none. */
struct fd **fdorder_list(const struct fdtable *t);
/* Whether a table with the same descriptors, added in this one's order, has the reverse order. Then sets it. */
int fdorder_reverse(struct fdorder *ret_order, const struct fdtable *from);

#define FDORDER_LOWEST (INT32_MIN / 2)

#endif
