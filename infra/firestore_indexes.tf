# What Firestore keeps sorted. firestore-indexes.json is the list; tests/infra/test_indexes.py builds
# every query that the stores can ask and finds each covered by it.
#
# A list of jobs filters by up to four fields. Firestore merges the indexes of single filters that
# end in the same order, so each filter has one index, rather than each of their sixteen
# combinations: https://cloud.google.com/firestore/docs/query-data/index-overview#taking_advantage_of_index_merging
# Each begins with the shard, or the ascending times would all be written at one place, at most
# 500 a second: https://cloud.google.com/firestore/docs/best-practices#high_read_write_and_delete_rates_to_a_narrow_document_range

locals {
  firestore = jsondecode(file("${path.module}/firestore-indexes.json"))
}

resource "google_firestore_index" "composite" {
  for_each = {
    for index in local.firestore.indexes :
    join("_", concat([index.collection], [for field in index.fields : field.path])) => index
  }

  project     = var.project_id
  database    = google_firestore_database.this.name
  collection  = each.value.collection
  query_scope = "COLLECTION"

  dynamic "fields" {
    for_each = each.value.fields
    content {
      field_path   = fields.value.path
      order        = try(fields.value.order, null)
      array_config = try(fields.value.array, null)
    }
  }
}

# Firestore sorts by every field unless told not to. Here no query needs that, each costs a write's
# time, and those that hold times would be written at one place.
# One resource a field, as the provider can't set the wildcard `*`:
# https://github.com/hashicorp/terraform-provider-google/issues/19598
resource "google_firestore_field" "unindexed" {
  for_each = merge([
    for collection, fields in local.firestore.unindexed : {
      for field in fields : "${collection}.${field}" => { collection = collection, field = field }
    }
  ]...)

  project    = var.project_id
  database   = google_firestore_database.this.name
  collection = each.value.collection
  field      = each.value.field

  # No index in it: none is kept.
  index_config {}

  dynamic "ttl_config" {
    for_each = try(local.firestore.ttl[each.value.collection], null) == each.value.field ? [1] : []
    content {}
  }
}
