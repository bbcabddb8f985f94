/* SPDX-License-Identifier: Apache-2.0 */
#include "field/param_name.h"

#include <pthread.h>

/*
 * The names of all events' parameters, gathered at the first look: rules name them often, and there are 454
 * types to walk.
 */
static struct param_name names[512]; /* test_every_parameter says when they do not do */
static struct param_name *by_byte[256];

/* What else the text of a parameter of this type depends on, besides the event. */
static facts_t text_reads(enum param_type type)
{
	switch (type) {
	case PT_FD:
	case PT_FD32:
	case PT_FDLIST:
	case PT_SOCKADDR:
	case PT_SOCKTUPLE:
		return FACT_FD;
	case PT_FSPATH:
		return FACT_CWD;
	case PT_FSRELPATH:
		return FACT_CWD | FACT_FD;
	case PT_UID:
	case PT_GID:
		return FACT_USERS;
	default:
		return 0;
	}
}

static void add_name(const struct param_info *param, uint32_t *count)
{
	struct str name = str_of(param->name);
	struct param_name **first = &by_byte[(unsigned char)name.ptr[0]], *p = *first;

	while (p && !str_eq(p->name, name))
		p = p->next;
	if (!p) {
		if (*count == ARRAY_SIZE(names))
			return;
		p = &names[(*count)++];
		*p = (struct param_name){ name, param, 0, *first };
		*first = p;
	}
	p->reads |= text_reads(param->type);
}

static void gather(void)
{
	uint32_t count = 0;

	for (unsigned int type = 0; type < EV_COUNT; type++)
		for (uint32_t i = 0; i < event_table[type].nparams; i++)
			add_name(&event_table[type].params[i], &count);
}

const struct param_name *param_name_at(struct str text)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const struct param_name *best = NULL;

	pthread_once(&once, gather); /* rules are read aside, too */
	for (const struct param_name *p = text.len ? by_byte[(unsigned char)text.ptr[0]] : NULL; p; p = p->next)
		if ((!best || p->name.len > best->name.len) && str_starts(text, p->name))
			best = p;
	return best;
}
