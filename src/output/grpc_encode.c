/* SPDX-License-Identifier: Apache-2.0 */
#include "output/grpc_encode.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/json_read.h"
#include "base/units.h"
#include "output/proto/outputs.pb-c.h"
#include "output/proto/version.pb-c.h"

typedef Falco__Outputs__Response__OutputFieldsEntry fields_entry;

/*
 * proto3 strings are UTF-8 and end at a NUL here: what is neither becomes "?", so that no client refuses the
 * message.
 */
static char *text_of(struct arena *arena, struct str s)
{
	char *copy = arena_array_of(arena, char, s.len + 1);

	if (!copy)
		return NULL;
	if (s.len)
		memcpy(copy, s.ptr, s.len);
	copy[s.len] = 0;
	for (size_t i = 0, n; i < s.len; i += n) {
		n = !copy[i] ? 0 : (unsigned char)copy[i] < 0x80 ? 1 : utf8_length((struct str){ copy + i, s.len - i });
		if (n == 0) {
			copy[i] = '?';
			n = 1;
		}
	}
	return copy;
}

/* Values are texts there: a string unescaped, nothing as Falco prints it, the rest as JSON has it. */
static char *value_of(struct arena *arena, struct str json)
{
	if (json.len && json.ptr[0] == '"')
		json = json_string(arena, json);
	else if (str_eq(json, STR("null")))
		json = STR("<NA>");
	return text_of(arena, json);
}

static size_t count_members(struct str object)
{
	struct str name, value;
	size_t at = 0, n = 0;

	while (json_next(object, &at, &name, &value))
		n++;
	return n;
}

static bool add_fields(struct arena *arena, struct str fields, Falco__Outputs__Response *r)
{
	size_t n = count_members(fields), at = 0;
	fields_entry *entries = arena_array_of(arena, fields_entry, n);
	struct str name, value;

	r->output_fields = arena_array_of(arena, fields_entry *, n);
	if (!entries || !r->output_fields)
		return false;
	while (r->n_output_fields < n && json_next(fields, &at, &name, &value)) {
		fields_entry *e = &entries[r->n_output_fields];

		falco__outputs__response__output_fields_entry__init(e);
		e->key = text_of(arena, name);
		e->value = value_of(arena, value);
		if (!e->key || !e->value)
			return false;
		r->output_fields[r->n_output_fields++] = e;
	}
	return true;
}

static bool add_tags(struct arena *arena, const struct alert *a, Falco__Outputs__Response *r)
{
	r->tags = arena_array_of(arena, char *, a->ntags);
	if (!r->tags)
		return false;
	for (; r->n_tags < a->ntags; r->n_tags++) {
		r->tags[r->n_tags] = text_of(arena, a->tags[r->n_tags]);
		if (!r->tags[r->n_tags])
			return false;
	}
	return true;
}

/* The number of the deprecated member, by which old clients tell plugins' alerts apart. */
static Falco__Schema__Source source_of(struct str name)
{
	if (str_eq(name, STR("syscall")))
		return FALCO__SCHEMA__SOURCE__SYSCALL;
	if (str_eq(name, STR("k8s_audit")))
		return FALCO__SCHEMA__SOURCE__K8S_AUDIT;
	if (str_eq(name, STR("internal")))
		return FALCO__SCHEMA__SOURCE__INTERNAL;
	return FALCO__SCHEMA__SOURCE__PLUGIN;
}

/* The deprecated member is ours to fill, theirs not to read; clang warns of it in the generated initialiser too. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
struct grpc_message *grpc_encode_alert(const struct alert *a)
{
	Falco__Outputs__Response r = FALCO__OUTPUTS__RESPONSE__INIT;
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	auto_arena struct arena *arena = arena_new(4096);
	struct grpc_message *m;

	if (!arena)
		return NULL;
	time.seconds = (int64_t)(a->ts / NS_PER_SECOND);
	time.nanos = (int32_t)(a->ts % NS_PER_SECOND);
	r.time = &time;
	r.priority = (Falco__Schema__Priority)a->priority;
	r.source_deprecated = source_of(a->source);
	r.rule = text_of(arena, a->rule);
	r.output = text_of(arena, a->text);
	r.hostname = text_of(arena, a->hostname);
	r.source = text_of(arena, a->source);
	if (!r.rule || !r.output || !r.hostname || !r.source || !add_fields(arena, a->fields, &r) ||
	    !add_tags(arena, a, &r))
		return NULL;
	m = grpc_message_new(falco__outputs__response__get_packed_size(&r));
	if (m)
		falco__outputs__response__pack(&r, m->bytes + GRPC_PREFIX_BYTES);
	return m;
}
#pragma GCC diagnostic pop

struct grpc_message *grpc_encode_version(const struct grpc_versions *v)
{
	Falco__Version__Response r = FALCO__VERSION__RESPONSE__INIT;
	struct grpc_message *m;

	r.version = (char *)(uintptr_t)v->version; /* packing only reads */
	r.engine_version = (char *)(uintptr_t)v->engine_version;
	r.engine_fields_checksum = (char *)(uintptr_t)v->fields_checksum;
	/* what is no three numbers stays zero in parts */
	sscanf(v->version, "%u.%u.%u", &r.major, &r.minor, &r.patch);
	sscanf(v->engine_version, "%u.%u.%u", &r.engine_major, &r.engine_minor, &r.engine_patch);
	m = grpc_message_new(falco__version__response__get_packed_size(&r));
	if (m)
		falco__version__response__pack(&r, m->bytes + GRPC_PREFIX_BYTES);
	return m;
}
