/* SPDX-License-Identifier: Apache-2.0 */
#include "state/attributes.h"

#include <errno.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "state/internal.h"

struct attribute {
	const char *name;
	size_t offset;
	enum attribute_kind kind;
};

static const struct attribute thread_attributes[] = {
#define THREAD_ATTRIBUTE(name, member, kind) { name, offsetof(struct thread, member), ATTRIBUTE_##kind },
#define FD_ATTRIBUTE(name, member, kind)
#include "state/attributes.def"
#undef THREAD_ATTRIBUTE
#undef FD_ATTRIBUTE
};

static const struct attribute fd_attributes[] = {
#define THREAD_ATTRIBUTE(name, member, kind)
#define FD_ATTRIBUTE(name, member, kind) { name, offsetof(struct fd, member), ATTRIBUTE_##kind },
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

void attributes_forget(struct state *s)
{
	for (int owner = ATTRIBUTE_THREAD; owner <= ATTRIBUTE_FD; owner++) {
		struct attribute_names *added = &s->attributes[owner];

		while (added->count)
			rstr_unref(added->list[--added->count].name);
		free(added->list);
		added->list = NULL;
	}
}

int state_attribute_get(const struct state *s, enum attribute_owner owner, int handle, struct str *ret_name,
			enum attribute_kind *ret_kind)
{
	const struct attribute_names *added = &s->attributes[owner];
	uint32_t slot;

	if (handle < 0)
		return -ENOENT;
	if (handle < built_in[owner].count) {
		*ret_name = str_of(built_in[owner].rows[handle].name);
		*ret_kind = built_in[owner].rows[handle].kind;
		return 0;
	}
	slot = (uint32_t)(handle - built_in[owner].count);
	if (slot >= added->count)
		return -ENOENT;
	*ret_name = rstr_str(added->list[slot].name);
	*ret_kind = added->list[slot].kind;
	return 0;
}

int state_attribute_find(const struct state *s, enum attribute_owner owner, struct str name)
{
	enum attribute_kind kind;
	struct str other;

	for (int handle = 0; state_attribute_get(s, owner, handle, &other, &kind) == 0; handle++)
		if (str_eq(other, name))
			return handle;
	return -ENOENT;
}

int state_attribute_add(struct state *s, enum attribute_owner owner, struct str name, enum attribute_kind kind)
{
	struct attribute_names *added = &s->attributes[owner];
	struct added_attribute *grown;
	struct rstr *text;

	if (kind > ATTRIBUTE_TEXT)
		return -EINVAL;
	if (state_attribute_find(s, owner, name) >= 0)
		return -EEXIST;
	if (added->count >= STATE_ATTRIBUTES)
		return -ENOSPC;
	text = rstr_new(name);
	grown = text ? realloc(added->list, (added->count + 1) * sizeof(*grown)) : NULL;
	if (!grown) {
		rstr_unref(text);
		return -ENOMEM;
	}
	grown[added->count] = (struct added_attribute){ text, kind };
	added->list = grown;
	return built_in[owner].count + (int)added->count++;
}

/* Integers are copied: some stand inside of addresses and are not aligned. */
#define LOAD(type, to)                              \
	do {                                        \
		type loaded;                        \
		memcpy(&loaded, member, sizeof(loaded)); \
		(to) = loaded;                      \
	} while (0)

static void load(const void *member, enum attribute_kind kind, struct attribute_value *ret_value)
{
	*ret_value = (struct attribute_value){ .text = STR("") };
	switch (kind) {
	case ATTRIBUTE_I8:
		LOAD(int8_t, ret_value->i);
		break;
	case ATTRIBUTE_I16:
		LOAD(int16_t, ret_value->i);
		break;
	case ATTRIBUTE_I32:
		LOAD(int32_t, ret_value->i);
		break;
	case ATTRIBUTE_I64:
		LOAD(int64_t, ret_value->i);
		break;
	case ATTRIBUTE_U8:
		LOAD(uint8_t, ret_value->u);
		break;
	case ATTRIBUTE_U16:
		LOAD(uint16_t, ret_value->u);
		break;
	case ATTRIBUTE_U32:
		LOAD(uint32_t, ret_value->u);
		break;
	case ATTRIBUTE_ENUM:
		LOAD(uint32_t, ret_value->u);
		break;
	case ATTRIBUTE_U64:
		LOAD(uint64_t, ret_value->u);
		break;
	case ATTRIBUTE_BOOL:
		ret_value->u = *(const bool *)member;
		break;
	case ATTRIBUTE_TEXT:
	case ATTRIBUTE_LIST:
		ret_value->text = rstr_str(*(struct rstr *const *)member);
		break;
	}
}
#undef LOAD

/* The low bytes of the value, as far as the kind has some. */
static int store(void *member, enum attribute_kind kind, const struct attribute_value *value)
{
	static const uint8_t sizes[] = { 1, 2, 4, 8, 1, 2, 4, 8 };
	uint64_t u = value->u;

	switch (kind) {
	case ATTRIBUTE_TEXT:
	case ATTRIBUTE_LIST:
		return rstr_assign(member, value->text);
	case ATTRIBUTE_BOOL:
		*(bool *)member = value->u;
		return 0;
	case ATTRIBUTE_ENUM:
		*(uint32_t *)member = (uint8_t)u;
		return 0;
	default:
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		u <<= 8 * (8 - sizes[kind]);
#endif
		memcpy(member, &u, sizes[kind]);
		return 0;
	}
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

int state_attribute_read(const struct state *s, enum attribute_owner owner, const void *object, int handle,
			 struct attribute_value *ret_value)
{
	struct slots slots = slots_of(owner, (void *)(uintptr_t)object);
	struct str bytes = STR("");
	uint32_t slot;

	if (handle < 0)
		return -ENOENT;
	if (handle < built_in[owner].count) {
		load((const char *)object + built_in[owner].rows[handle].offset, built_in[owner].rows[handle].kind,
		     ret_value);
		return 0;
	}
	slot = (uint32_t)(handle - built_in[owner].count);
	if (slot >= s->attributes[owner].count)
		return -ENOENT;
	if (slot < *slots.count)
		bytes = rstr_str((*slots.values)[slot]);
	*ret_value = (struct attribute_value){ .text = bytes };
	if (s->attributes[owner].list[slot].kind != ATTRIBUTE_TEXT && bytes.len == sizeof(ret_value->u))
		memcpy(&ret_value->u, bytes.ptr, sizeof(ret_value->u));
	return 0;
}

int state_attribute_write(struct state *s, enum attribute_owner owner, void *object, int handle,
			  const struct attribute_value *value)
{
	struct slots slots = slots_of(owner, object);
	struct str bytes = { (const char *)&value->u, sizeof(value->u) };
	struct rstr **grown;
	uint32_t slot;

	if (handle < 0)
		return -ENOENT;
	if (owner == ATTRIBUTE_THREAD)
		threads_changed(object, FACTS_PROCESS);
	if (handle < built_in[owner].count)
		return store((char *)object + built_in[owner].rows[handle].offset, built_in[owner].rows[handle].kind,
			     value);
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
	if (s->attributes[owner].list[slot].kind == ATTRIBUTE_TEXT)
		bytes = value->text;
	return rstr_assign(&(*slots.values)[slot], bytes);
}
