/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/figures.h"

#include <stddef.h>
#include <stdlib.h>

void figures_count(struct figures *f, long number, enum figures_way way)
{
	if (number >= 0 && number < CALLS_MAX)
		f->calls[number][way]++;
}

static size_t bucket_of(uint64_t ns)
{
	unsigned int shift;
	size_t bucket;

	if (ns < 8)
		return (size_t)ns;
	shift = 60 - (unsigned int)__builtin_clzll(ns); /* leaves four bits, the first of them set */
	bucket = 8 * (size_t)shift + (size_t)(ns >> shift);
	return bucket < FIGURES_BUCKETS ? bucket : FIGURES_BUCKETS - 1;
}

/* The largest wait that the bucket takes. */
static uint64_t bucket_end(size_t bucket)
{
	unsigned int shift = bucket < 16 ? 0 : (unsigned int)(bucket / 8 - 1);

	return (((uint64_t)bucket - 8 * shift + 1) << shift) - 1;
}

static void add(struct figures_waits *w, uint64_t ns)
{
	w->buckets[bucket_of(ns)]++;
	w->count++;
	w->total_ns += ns;
	if (ns > w->max_ns)
		w->max_ns = ns;
}

void figures_stall(struct figures *f, long number, uint64_t ns)
{
	add(&f->all, ns);
	if (number < 0 || number >= CALLS_MAX)
		return;
	if (!f->by_call[number])
		f->by_call[number] = calloc(1, sizeof(*f->by_call[number]));
	if (f->by_call[number])
		add(f->by_call[number], ns);
}

uint64_t figures_quantile(const struct figures_waits *w, unsigned int permille)
{
	uint64_t rank = w->count - w->count / 1000 * (1000 - permille) - w->count % 1000 * (1000 - permille) / 1000;
	uint64_t seen = 0;

	for (size_t i = 0; i < FIGURES_BUCKETS && w->count; i++) {
		seen += w->buckets[i];
		if (seen < rank)
			continue;
		return bucket_end(i) < w->max_ns ? bucket_end(i) : w->max_ns;
	}
	return w->max_ns;
}

void figures_clear(struct figures *f)
{
	for (size_t i = 0; i < CALLS_MAX; i++)
		free(f->by_call[i]);
	*f = (struct figures){ 0 };
}
