/* SPDX-License-Identifier: Apache-2.0 */
#include "app/output_list.h"

#include <errno.h>

#include "app/log.h"
#include "app/retire.h"
#include "output/program.h"

#define CHECK_NEWS 3 /* of one output that are told at once: that it failed, that it works again, that it is slow */

int output_list_add(struct output_list *o, struct output *one, struct error *err)
{
	if (o->count == OUTPUTS_MAX) {
		output_close(one);
		return error_set(err, -ENOSPC, "too many outputs");
	}
	o->list[o->count++] = one;
	return 0;
}

void output_list_share(const struct output_list *o, struct output_list *with)
{
	memcpy(with->list, o->list, sizeof(with->list));
	with->count = o->count;
}

void output_list_check(struct output_list *o)
{
	retire_reap(&o->retired, false);
	for (size_t i = 0; i < o->count; i++) {
		struct output *one = o->list[i];
		struct error err = { 0 };

		for (unsigned int n = 0; n < CHECK_NEWS && one->ops->check && one->ops->check(one, &err) < 0; n++)
			log_error("%s", err.text);
	}
}

void output_list_drain(struct output_list *o)
{
	struct error err = { 0 };

	for (size_t i = 0; i < o->count; i++)
		if (o->list[i]->ops->drain && o->list[i]->ops->drain(o->list[i], &err) < 0)
			log_error("%s", err.text);
}

void output_list_reopen(struct output_list *o)
{
	struct error err = { 0 };

	for (size_t i = 0; i < o->count; i++)
		if (o->list[i]->ops->reopen && o->list[i]->ops->reopen(o->list[i], &err) < 0)
			log_error("%s; the old file stays in use", err.text);
}

uint64_t output_list_dropped(const struct output_list *o)
{
	uint64_t dropped = o->dropped;
	struct output_stats stats;

	for (size_t i = 0; i < o->count; i++) {
		output_stats(o->list[i], &stats);
		dropped += stats.dropped;
	}
	return dropped;
}

bool output_list_lost(const struct output_list *o)
{
	for (size_t i = 0; i < o->count; i++)
		if (o->list[i]->failed)
			return true;
	return false;
}

void output_list_free(struct output_list *o)
{
	for (size_t i = 0; i < o->count; i++) {
		output_close(o->list[i]);
		free(o->made_of[i]);
	}
	retire_reap(&o->retired, true);
	program_starter_free(o->programs);
	*o = (struct output_list){ 0 };
}
