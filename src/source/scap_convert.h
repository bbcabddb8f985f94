/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_SOURCE_SCAP_CONVERT_H
#define MONITOR_SOURCE_SCAP_CONVERT_H

#include "event/event.h"

/*
 * Brings events of older captures into today's layout (conversions.def). Enter events that are no longer handed out are
 * kept by thread until their exit event takes its parameters from them.
 */
struct scap_convert;

struct scap_convert *scap_convert_new(void); /* NULL when memory is short */
void scap_convert_free(struct scap_convert *c); /* accepts NULL */
void scap_convert_reset(struct scap_convert *c); /* a new section: forgets the stored events */

/*
 * 1: *ev is to be handed out (it may now borrow from c, until the next call); 0: it is not; -EBADMSG when an
 * event cannot be of any known layout. cpu and flags are kept.
 */
int scap_convert(struct scap_convert *c, struct event *ev, struct error *err);

/*
 * An event of the first version, whose header has no parameter count: it is the one that makes the lengths
 * add up. *at and *len become the event with a current header, borrowed from c. 0, -ENOTSUP for a type that
 * is not known, or negative.
 */
int scap_convert_header(struct scap_convert *c, const uint8_t **at, uint32_t *len, struct error *err);

/* Enter events that were forgotten because too many threads had one. */
uint64_t scap_convert_forgotten(const struct scap_convert *c);

/*
 * The number of parameters with which an event of each type certainly passes as it is and has 16-bit lengths:
 * all of today's layout. SCAP_CONVERT_NEVER, which is above EVENT_MAX_PARAMS, for types that never do.
 */
#define SCAP_CONVERT_NEVER UINT8_MAX
extern const uint8_t scap_convert_whole[EV_COUNT];

/* Whether ev is of a current type in its full layout. */
static inline bool scap_convert_passes(const struct event *ev)
{
	uint32_t flags = ev->info->flags;

	if (flags & (EF_UNUSED | EF_OLD_VERSION))
		return false;
	return !(flags & EF_CONVERTER_MANAGED) || (!event_type_is_enter(ev->type) && ev->nparams == ev->info->nparams);
}

#endif
