/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_STATE_ATTRIBUTES_H
#define MONITOR_STATE_ATTRIBUTES_H

#include "base/str.h"

/* The values of run-time attributes on one object: an array by slot, each entry its own reference. */
/* 0 or -ENOMEM */
int attributes_copy(struct rstr ***ret_to, uint32_t *ret_nto, struct rstr *const *from, uint32_t nfrom);
void attributes_free(struct rstr **values, uint32_t n); /* accepts NULL */

struct state;
void attributes_forget(struct state *s); /* the names of run-time ones */

#endif
