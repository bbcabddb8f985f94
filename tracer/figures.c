/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/figures.h"

#include <stddef.h>

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

void figures_stall(struct figures *f, uint64_t ns)
{
	f->stalls[bucket_of(ns)]++;
	f->stalled++;
	f->total_ns += ns;
	if (ns > f->max_ns)
		f->max_ns = ns;
}

uint64_t figures_quantile(const struct figures *f, unsigned int permille)
{
	uint64_t rank = f->stalled - f->stalled / 1000 * (1000 - permille) - f->stalled % 1000 * (1000 - permille) / 1000;
	uint64_t seen = 0;

	for (size_t i = 0; i < FIGURES_BUCKETS && f->stalled; i++) {
		seen += f->stalls[i];
		if (seen < rank)
			continue;
		return bucket_end(i) < f->max_ns ? bucket_end(i) : f->max_ns;
	}
	return f->max_ns;
}
