/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRIB_PLUGINS_K8SAUDIT_FAILURES_H
#define CONTRIB_PLUGINS_K8SAUDIT_FAILURES_H

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How often requests from an address lately failed with status 401: one is a mistake, many are somebody who
 * guesses. Time is that of events. Zero-initialise. Bounded: what was quiet for longest is forgotten for a
 * new address, so that many addresses cannot take memory.
 */
#define FAILURES_ADDRESSES 512
#define FAILURES_KEPT	   32 /* of an address: counts end here */
#define FAILURES_NS	   UINT64_C(60000000000)
struct failures {
	struct failing {
		char address[64]; /* as the event spells it; empty = free */
		uint64_t times[FAILURES_KEPT]; /* a ring */
		uint32_t next;
	} list[FAILURES_ADDRESSES];
	uint64_t count; /* of the last event; 0 = it is no such failure */
};

/* Notes an event, each once. */
void failures_note(struct failures *f, const cJSON *event, uint64_t ts);

#endif
