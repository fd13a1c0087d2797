select count(*) as regions from {{ ref('regions') }} having count(*) <> 5
