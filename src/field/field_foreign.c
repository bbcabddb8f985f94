/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "field/extract.h"

/* Fields of plugins as rows beside those of fields.def, so that whatever works with fields need not know the difference. */
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
			/* whatever it may look up: never remembered on a thread, and a source must tell all that the tables have */
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

EXTRACTOR(foreign)
{
	return f->info->foreign->extract(f->info->foreign, f, ctx, ret);
}
