/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "field/extract.h"

/*
 * Fields of plugins as rows beside those of fields.def, so that whatever works with fields need not know the
 * difference.
 */
struct foreign_catalogue {
	size_t count;
	struct field_info rows[];
};

int foreign_catalogue_new(const struct foreign_field *list, size_t n, struct foreign_catalogue **ret_catalogue)
{
	struct foreign_catalogue *c = calloc(1, sizeof(*c) + n * sizeof(c->rows[0]));

	if (!c)
		return -ENOMEM;
	c->count = n;
	for (size_t i = 0; i < n; i++)
		c->rows[i] = (struct field_info){
			.name = str_of(list[i].name),
			.class = list[i].class,
			.type = list[i].type,
			.format = list[i].format,
			.flags = list[i].flags | FIELD_FOREIGN,
			.extract = field_foreign,
			/*
			 * whatever it may look up: never remembered on a thread, and a source must tell all
			 * that the tables have
			 */
			.reads = FACT_EVENT | FACTS_PROCESS | FACT_FD,
			.help = list[i].help,
			.foreign = &list[i],
		};
	*ret_catalogue = c;
	return 0;
}

void foreign_catalogue_free(struct foreign_catalogue *c)
{
	free(c);
}

const struct field_info *foreign_by_index(const struct foreign_catalogue *c, size_t i)
{
	return i < c->count ? &c->rows[i] : NULL;
}

/*
 * What was said of an event already. Whoever is asked may have to take a document apart for each answer, and
 * an alert prints a field that its condition has compared, in its text, among its fields and in what is
 * appended.
 */
#define TOLD_LISTS 16 /* a rule set asks a few dozen fields of an event */

struct told {
	struct told *next;
	const struct field_ref *ref; /* the first that asked */
	enum presence presence;
	struct values values;
};

struct foreign_told {
	struct told *lists[TOLD_LISTS];
};

static struct told **list_of(const struct field_ref *f, struct field_context *ctx)
{
	if (!ctx->told)
		ctx->told = arena_new_of(ctx->arena, struct foreign_told);
	return ctx->told ? &ctx->told->lists[((uintptr_t)f->info / sizeof(*f->info)) % TOLD_LISTS] : NULL;
}

static bool is_same(const struct field_ref *a, const struct field_ref *b)
{
	return a->info == b->info && a->has_arg == b->has_arg && str_eq(a->arg, b->arg);
}

EXTRACTOR(foreign)
{
	struct told **list = list_of(f, ctx), *one;
	enum presence presence;

	for (one = list ? *list : NULL; one; one = one->next)
		if (one->ref == f || is_same(one->ref, f)) {
			*ret = one->values;
			return one->presence;
		}
	presence = f->info->foreign->extract(f->info->foreign, f, ctx, ret);
	one = list && presence != UNKNOWN ? arena_new_of(ctx->arena, struct told) : NULL;
	if (one) {
		*one = (struct told){ *list, f, presence, presence == PRESENT ? *ret : (struct values){ NULL, 0 } };
		*list = one;
	}
	return presence;
}
