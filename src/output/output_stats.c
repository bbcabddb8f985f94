/* SPDX-License-Identifier: Apache-2.0 */
#include "output/output_stats.h"

#include "output/output.h"

void output_stats(const struct output *o, struct output_stats *ret_stats)
{
	*ret_stats = (struct output_stats){ .name = o->ops->name, .written = o->sent, .errors = o->failed };
	if (o->ops->stats)
		o->ops->stats(o, ret_stats);
	ret_stats->queued = ret_stats->written + ret_stats->errors + ret_stats->dropped + ret_stats->waiting;
}
