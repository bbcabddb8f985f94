/* SPDX-License-Identifier: Apache-2.0 */
#include "base/moment.h"
#include "base/units.h"
#include "field/extract.h"

EXTRACTOR(time_text)
{
	static const enum moment_form forms[] = {
		[TIME_CLOCK] = MOMENT_CLOCK, [TIME_CLOCK_S] = MOMENT_CLOCK_S, [TIME_ISO] = MOMENT_ISO,
		[TIME_DATE] = MOMENT_DATE,	[TIME_DATE_S] = MOMENT_DATE_S,
	};

	strbuf_reset(&ctx->scratch);
	moment_add(&ctx->scratch, ctx->ev->ts, forms[f->info->variant]);
	return extract_scratch(ctx, ret);
}

/*
 * Conditions measure from the last event for which they came to look at the field, as in Falco, so what is
 * tested before it in a condition matters. Looking twice at one event is looking once.
 */
static uint64_t since_last_look(struct field_context *ctx, int variant)
{
	struct last_look *last = &ctx->looks[variant - TIME_DELTA];

	if (last->number != ctx->ev->number || last->ts != ctx->ev->ts) {
		last->delta = last->ts ? ctx->ev->ts - last->ts : 0;
		last->ts = ctx->ev->ts;
		last->number = ctx->ev->number;
	}
	return last->delta;
}

static uint64_t time_since(const struct field_ref *f, struct field_context *ctx)
{
	int variant = f->info->variant;
	uint64_t since = 0;

	if (variant >= TIME_DELTA && variant <= TIME_DELTA_NS && !f->output)
		return since_last_look(ctx, variant);
	if (variant >= TIME_REL && variant <= TIME_REL_NS)
		since = ctx->first_ts;
	else if (variant >= TIME_DELTA && variant <= TIME_DELTA_NS)
		since = ctx->previous_ts ? ctx->previous_ts : ctx->ev->ts;
	return ctx->ev->ts - since;
}

EXTRACTOR(time_number)
{
	uint64_t ns = time_since(f, ctx);

	switch (f->info->variant) {
	case TIME_ZERO:
		return extract_uint(ctx, ret, 0);
	case TIME_RAW_S:
	case TIME_REL_S:
	case TIME_DELTA_S:
		return extract_uint(ctx, ret, ns / NS_PER_SECOND);
	case TIME_RAW_NS:
	case TIME_REL_NS:
	case TIME_DELTA_NS:
		return extract_uint(ctx, ret, ns % NS_PER_SECOND);
	default:
		return extract_uint(ctx, ret, ns);
	}
}
