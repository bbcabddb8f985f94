/* SPDX-License-Identifier: Apache-2.0 */
#include "state/attributes.h"

#include <errno.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "state/internal.h"

enum kind { KIND_I64, KIND_U64, KIND_U32, KIND_U16, KIND_BOOL, KIND_TEXT };

struct attribute {
	const char *name;
	size_t offset;
	enum kind kind;
};

static const struct attribute thread_attributes[] = {
#define THREAD_ATTRIBUTE(name, member, kind) { name, offsetof(struct thread, member), KIND_##kind },
#define FD_ATTRIBUTE(name, member, kind)
#include "state/attributes.def"
#undef THREAD_ATTRIBUTE
#undef FD_ATTRIBUTE
};

static const struct attribute fd_attributes[] = {
#define THREAD_ATTRIBUTE(name, member, kind)
#define FD_ATTRIBUTE(name, member, kind) { name, offsetof(struct fd, member), KIND_##kind },
#include "state/attributes.def"
#undef THREAD_ATTRIBUTE
#undef FD_ATTRIBUTE
};

/* Handles: built-in rows first, then run-time slots. */
static const struct {
	const struct attribute *rows;
	int count;
} built_in[] = {
	[ATTRIBUTE_THREAD] = { thread_attributes, (int)ARRAY_SIZE(thread_attributes) },
	[ATTRIBUTE_FD] = { fd_attributes, (int)ARRAY_SIZE(fd_attributes) },
};

int attributes_copy(struct rstr ***ret_to, uint32_t *ret_nto, struct rstr *const *from, uint32_t nfrom)
{
	struct rstr **to;
	uint32_t i;

	if (!nfrom)
		return 0;
	to = calloc(nfrom, sizeof(*to));
	if (!to)
		return -ENOMEM;
	for (i = 0; i < nfrom; i++)
		to[i] = rstr_ref(from[i]);
	*ret_to = to;
	*ret_nto = nfrom;
	return 0;
}

void attributes_free(struct rstr **values, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		rstr_unref(values[i]);
	free(values);
}

int state_attribute_find(const struct state *s, enum attribute_owner owner, struct str name)
{
	const struct attribute_names *added = &s->attributes[owner];
	uint32_t slot;
	int i;

	for (i = 0; i < built_in[owner].count; i++)
		if (str_eq(str_of(built_in[owner].rows[i].name), name))
			return i;
	for (slot = 0; slot < added->count; slot++)
		if (str_eq(rstr_str(added->names[slot]), name))
			return built_in[owner].count + (int)slot;
	return -ENOENT;
}

int state_attribute_add(struct state *s, enum attribute_owner owner, struct str name)
{
	struct attribute_names *added = &s->attributes[owner];
	struct rstr **grown, *text;

	if (state_attribute_find(s, owner, name) >= 0)
		return -EEXIST;
	text = rstr_new(name);
	grown = text ? realloc(added->names, (added->count + 1) * sizeof(*grown)) : NULL;
	if (!grown) {
		rstr_unref(text);
		return -ENOMEM;
	}
	grown[added->count] = text;
	added->names = grown;
	return built_in[owner].count + (int)added->count++;
}

static void print(struct strbuf *out, const void *member, enum kind kind)
{
	switch (kind) {
	case KIND_I64:
		strbuf_addi(out, *(const int64_t *)member);
		break;
	case KIND_U64:
		strbuf_addu(out, *(const uint64_t *)member);
		break;
	case KIND_U32:
		strbuf_addu(out, *(const uint32_t *)member);
		break;
	case KIND_U16:
		strbuf_addu(out, *(const uint16_t *)member);
		break;
	case KIND_BOOL:
		strbuf_adds(out, *(const bool *)member ? "true" : "false");
		break;
	case KIND_TEXT:
		strbuf_addstr(out, rstr_str(*(struct rstr *const *)member));
		break;
	}
}

static int take(void *member, enum kind kind, struct str value)
{
	uint64_t u = 0;
	int r;

	switch (kind) {
	case KIND_TEXT:
		return rstr_assign(member, value);
	case KIND_BOOL:
		return parse_bool(value, member);
	case KIND_I64:
		return parse_i64(value, member);
	case KIND_U64:
		return parse_u64(value, member);
	case KIND_U32:
		return parse_u32(value, member);
	case KIND_U16:
		r = parse_u64(value, &u);
		if (r == 0 && u > UINT16_MAX)
			r = -ERANGE;
		if (r == 0)
			*(uint16_t *)member = (uint16_t)u;
		return r;
	}
	return -EINVAL;
}

struct slots {
	struct rstr ***values;
	uint32_t *count;
};

static struct slots slots_of(enum attribute_owner owner, void *object)
{
	struct thread *t = object;
	struct fd *fd = object;

	return owner == ATTRIBUTE_THREAD ? (struct slots){ &t->dynamic, &t->ndynamic } :
					   (struct slots){ &fd->dynamic, &fd->ndynamic };
}

int state_attribute_get(struct state *s, enum attribute_owner owner, const void *object, int handle, struct strbuf *out)
{
	struct slots slots = slots_of(owner, (void *)(uintptr_t)object);
	uint32_t slot;

	if (handle < 0)
		return -ENOENT;
	if (handle < built_in[owner].count) {
		print(out, (const char *)object + built_in[owner].rows[handle].offset, built_in[owner].rows[handle].kind);
		return 0;
	}
	slot = (uint32_t)(handle - built_in[owner].count);
	if (slot >= s->attributes[owner].count || slot >= *slots.count || !(*slots.values)[slot])
		return -ENOENT;
	strbuf_addstr(out, rstr_str((*slots.values)[slot]));
	return 0;
}

int state_attribute_set(struct state *s, enum attribute_owner owner, void *object, int handle, struct str value)
{
	struct slots slots = slots_of(owner, object);
	struct rstr **grown;
	uint32_t slot;

	if (handle < 0)
		return -ENOENT;
	if (owner == ATTRIBUTE_THREAD)
		threads_changed(object, FACTS_PROCESS);
	if (handle < built_in[owner].count)
		return take((char *)object + built_in[owner].rows[handle].offset, built_in[owner].rows[handle].kind, value);
	slot = (uint32_t)(handle - built_in[owner].count);
	if (slot >= s->attributes[owner].count)
		return -ENOENT;
	if (slot >= *slots.count) {
		grown = realloc(*slots.values, (slot + 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		memset(grown + *slots.count, 0, (slot + 1 - *slots.count) * sizeof(*grown));
		*slots.values = grown;
		*slots.count = slot + 1;
	}
	return rstr_assign(&(*slots.values)[slot], value);
}
