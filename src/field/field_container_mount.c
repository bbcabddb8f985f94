/* SPDX-License-Identifier: Apache-2.0 */
#include <regex.h>

#include "field/extract.h"
#include "field/field_container.h"

/*
 * container.mount and its parts: by number, or by a regular expression over the sources (over the
 * destinations for the source).
 */

struct mount {
	struct str source, dest, mode, propagation;
	bool rdwr;
};

static struct str member_text(struct arena *arena, struct str object, struct str name)
{
	struct str value = STR("");

	json_member(object, name, &value);
	value = json_string(arena, value);
	return value.ptr ? value : STR("");
}

static struct mount read_mount(struct arena *arena, struct str object)
{
	struct str rw = STR("");

	json_member(object, STR("RW"), &rw);
	return (struct mount){
		.source = member_text(arena, object, STR("Source")),
		.dest = member_text(arena, object, STR("Destination")),
		.mode = member_text(arena, object, STR("Mode")),
		.propagation = member_text(arena, object, STR("Propagation")),
		.rdwr = json_true(rw),
	};
}

static void add_mount(struct strbuf *out, const struct mount *m)
{
	strbuf_addf(out, STR_FMT ":" STR_FMT ":" STR_FMT ":%s:" STR_FMT, STR_ARG(m->source), STR_ARG(m->dest),
		    STR_ARG(m->mode), m->rdwr ? "true" : "false", STR_ARG(m->propagation));
}

EXTRACTOR(container_mounts)
{
	struct str object, mounts = STR(""), name, value;
	enum presence presence = field_container_find(ctx, &object);
	size_t at = 0;

	(void)f;
	if (presence != PRESENT)
		return presence;
	json_member(object, STR("Mounts"), &mounts);
	strbuf_reset(&ctx->scratch);
	while (json_next(mounts, &at, &name, &value)) {
		struct mount m = read_mount(ctx->arena, value);

		if (ctx->scratch.len > 0)
			strbuf_addc(&ctx->scratch, ',');
		add_mount(&ctx->scratch, &m);
	}
	return extract_scratch(ctx, ret);
}

/* Somewhere in the text, as the container plugin searches. */
static bool matches(const regex_t *pattern, struct arena *arena, struct str text)
{
	struct str copy = arena_str(arena, text);

	return copy.ptr && regexec(pattern, copy.ptr, 0, NULL, 0) == 0;
}

static bool find_by_pattern(struct field_context *ctx, struct str mounts, struct str pattern, bool by_dest,
			    struct mount *ret)
{
	struct str text = arena_str(ctx->arena, pattern), name, value;
	bool found = false;
	size_t at = 0;
	regex_t regex;

	if (!text.ptr || regcomp(&regex, text.ptr, REG_EXTENDED | REG_NOSUB | REG_NEWLINE) != 0)
		return false;
	while (!found && json_next(mounts, &at, &name, &value)) {
		*ret = read_mount(ctx->arena, value);
		found = matches(&regex, ctx->arena, by_dest ? ret->dest : ret->source);
	}
	regfree(&regex);
	return found;
}

static bool find_by_number(struct field_context *ctx, struct str mounts, int64_t number, struct mount *ret)
{
	struct str name, value;
	size_t at = 0;

	for (int64_t i = 0; json_next(mounts, &at, &name, &value); i++) {
		if (i == number) {
			*ret = read_mount(ctx->arena, value);
			return true;
		}
	}
	return false;
}

EXTRACTOR(container_mount)
{
	struct str object, mounts = STR("");
	struct mount m = { .rdwr = false };
	enum presence presence = field_container_find(ctx, &object);
	int what = f->info->variant;
	bool found;

	if (presence != PRESENT)
		return presence;
	json_member(object, STR("Mounts"), &mounts);
	found = f->number >= 0 ? find_by_number(ctx, mounts, f->number, &m) :
				 find_by_pattern(ctx, mounts, f->arg, what == MOUNT_SOURCE, &m);
	if (!found)
		return ABSENT;
	switch (what) {
	case MOUNT_SOURCE:
		return extract_text(ctx, ret, m.source);
	case MOUNT_DEST:
		return extract_text(ctx, ret, m.dest);
	case MOUNT_MODE:
		return extract_text(ctx, ret, m.mode);
	case MOUNT_RDWR:
		return extract_text(ctx, ret, m.rdwr ? STR("true") : STR("false"));
	case MOUNT_PROPAGATION:
		return extract_text(ctx, ret, m.propagation);
	default:
		strbuf_reset(&ctx->scratch);
		add_mount(&ctx->scratch, &m);
		return extract_scratch(ctx, ret);
	}
}
