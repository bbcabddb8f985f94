/* SPDX-License-Identifier: Apache-2.0 */
#include "field/field_time.h"

#include <time.h>

#include "field/extract.h"

#define NS_PER_S 1000000000u

static void add_date(struct strbuf *out, const struct tm *tm, char separator)
{
	strbuf_addf(out, "%04d-%02d-%02d%c", tm->tm_year + 1900, tm->tm_mon + 1, tm->tm_mday, separator);
}

void field_time_add(struct strbuf *out, uint64_t epoch_ns, enum time_form form)
{
	time_t seconds = (time_t)(epoch_ns / NS_PER_S);
	bool utc = form == TIME_FORM_ISO || form == TIME_FORM_ISO_Z;
	struct tm tm = { 0 };

	if (utc)
		gmtime_r(&seconds, &tm);
	else
		localtime_r(&seconds, &tm);
	if (utc)
		add_date(out, &tm, 'T');
	else if (form == TIME_FORM_DATE || form == TIME_FORM_DATE_S)
		add_date(out, &tm, ' ');
	strbuf_addf(out, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
	if (form != TIME_FORM_CLOCK_S && form != TIME_FORM_DATE_S)
		strbuf_addf(out, ".%09u", (unsigned int)(epoch_ns % NS_PER_S));
	if (utc)
		strbuf_adds(out, form == TIME_FORM_ISO ? "+0000" : "Z");
}

EXTRACTOR(time_text)
{
	static const enum time_form forms[] = {
		[TIME_CLOCK] = TIME_FORM_CLOCK, [TIME_CLOCK_S] = TIME_FORM_CLOCK_S, [TIME_ISO] = TIME_FORM_ISO,
		[TIME_DATE] = TIME_FORM_DATE,	[TIME_DATE_S] = TIME_FORM_DATE_S,
	};

	strbuf_reset(&ctx->scratch);
	field_time_add(&ctx->scratch, ctx->ev->ts, forms[f->info->variant]);
	return extract_scratch(ctx, ret);
}

/*
 * Conditions measure from the last event for which they came to look at the field, as in Falco, so what is tested before
 * it in a condition matters. Looking twice at one event is looking once.
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
		return extract_uint(ctx, ret, ns / NS_PER_S);
	case TIME_RAW_NS:
	case TIME_REL_NS:
	case TIME_DELTA_NS:
		return extract_uint(ctx, ret, ns % NS_PER_S);
	default:
		return extract_uint(ctx, ret, ns);
	}
}
