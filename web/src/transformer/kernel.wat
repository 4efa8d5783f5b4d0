;; The products of the model: x Wᵀ, eight columns of the result at a time.
;;
;; x    [rows, inner]      float32, row by row
;; w    [columns, inner]   a learned matrix as PyTorch has it: a row is what one number of the result is made with
;; out  [rows, columns]
;;
;; inner and columns are multiples of 8 (products.ts fills up with zeros), so nothing is left over here. Eight rows of w stay
;; in the nearest cache while every row of x passes: w, the larger one, comes from memory once. Two rows of x share what is
;; loaded of w (twice four columns); the last of an odd number of rows is multiplied with eight rows of w at once.
;; web/kernel.mjs makes kernel.ts of this file, and a test holds that it is the same to the byte.

(module
  (import "page" "memory" (memory 1))

  (func (export "product")
    (param $x i32) (param $rows i32) (param $w i32) (param $columns i32) (param $inner i32) (param $out i32)
    (local $bytes i32)        ;; of a row of x and of w
    (local $next i32)         ;; bytes from a row of the result to the next one
    (local $end i32)          ;; where x ends
    (local $last i32)         ;; where its last row begins
    (local $a i32) (local $o i32) (local $w4 i32) (local $column i32)

    (local.set $bytes (i32.shl (local.get $inner) (i32.const 2)))
    (local.set $next (i32.shl (local.get $columns) (i32.const 2)))
    (local.set $end (i32.add (local.get $x) (i32.mul (local.get $rows) (local.get $bytes))))
    (local.set $last (i32.sub (local.get $end) (local.get $bytes)))
    (loop $columns_left
      (local.set $w4 (i32.add (local.get $w) (i32.shl (local.get $bytes) (i32.const 2))))
      (local.set $a (local.get $x))
      (local.set $o (local.get $out))
      (block $rows_done
        (loop $rows_left
          (br_if $rows_done (i32.ge_u (local.get $a) (local.get $last)))
          (call $two_by_four (local.get $a) (local.get $w) (local.get $bytes) (local.get $o) (local.get $next))
          (call $two_by_four (local.get $a) (local.get $w4) (local.get $bytes)
            (i32.add (local.get $o) (i32.const 16)) (local.get $next))
          (local.set $a (i32.add (local.get $a) (i32.shl (local.get $bytes) (i32.const 1))))
          (local.set $o (i32.add (local.get $o) (i32.shl (local.get $next) (i32.const 1))))
          (br $rows_left)))
      (if (i32.lt_u (local.get $a) (local.get $end))
        (then (call $one_by_eight (local.get $a) (local.get $w) (local.get $bytes) (local.get $o))))
      (local.set $w (i32.add (local.get $w4) (i32.shl (local.get $bytes) (i32.const 2))))
      (local.set $out (i32.add (local.get $out) (i32.const 32)))
      (br_if $columns_left
        (i32.lt_u (local.tee $column (i32.add (local.get $column) (i32.const 8))) (local.get $columns)))))

  ;; Two rows of x times four rows of w, each `bytes` long; the second row of the result lies `next` after the first.
  (func $two_by_four
    (param $a0 i32) (param $b0 i32) (param $bytes i32) (param $o i32) (param $next i32)
    (local $a1 i32) (local $b1 i32) (local $b2 i32) (local $b3 i32) (local $end i32)
    (local $x0 v128) (local $x1 v128) (local $four v128)
    (local $s0 v128) (local $s1 v128) (local $s2 v128) (local $s3 v128)   ;; sums of the first row, each in four parts
    (local $t0 v128) (local $t1 v128) (local $t2 v128) (local $t3 v128)   ;; … of the second

    (local.set $end (local.tee $a1 (i32.add (local.get $a0) (local.get $bytes))))
    (local.set $b1 (i32.add (local.get $b0) (local.get $bytes)))
    (local.set $b2 (i32.add (local.get $b1) (local.get $bytes)))
    (local.set $b3 (i32.add (local.get $b2) (local.get $bytes)))
    (loop $inner_left
      (local.set $x0 (v128.load (local.get $a0)))
      (local.set $x1 (v128.load (local.get $a1)))
      (local.set $four (v128.load (local.get $b0)))
      (local.set $s0 (f32x4.add (local.get $s0) (f32x4.mul (local.get $x0) (local.get $four))))
      (local.set $t0 (f32x4.add (local.get $t0) (f32x4.mul (local.get $x1) (local.get $four))))
      (local.set $four (v128.load (local.get $b1)))
      (local.set $s1 (f32x4.add (local.get $s1) (f32x4.mul (local.get $x0) (local.get $four))))
      (local.set $t1 (f32x4.add (local.get $t1) (f32x4.mul (local.get $x1) (local.get $four))))
      (local.set $four (v128.load (local.get $b2)))
      (local.set $s2 (f32x4.add (local.get $s2) (f32x4.mul (local.get $x0) (local.get $four))))
      (local.set $t2 (f32x4.add (local.get $t2) (f32x4.mul (local.get $x1) (local.get $four))))
      (local.set $four (v128.load (local.get $b3)))
      (local.set $s3 (f32x4.add (local.get $s3) (f32x4.mul (local.get $x0) (local.get $four))))
      (local.set $t3 (f32x4.add (local.get $t3) (f32x4.mul (local.get $x1) (local.get $four))))
      (local.set $a1 (i32.add (local.get $a1) (i32.const 16)))
      (local.set $b0 (i32.add (local.get $b0) (i32.const 16)))
      (local.set $b1 (i32.add (local.get $b1) (i32.const 16)))
      (local.set $b2 (i32.add (local.get $b2) (i32.const 16)))
      (local.set $b3 (i32.add (local.get $b3) (i32.const 16)))
      (br_if $inner_left
        (i32.lt_u (local.tee $a0 (i32.add (local.get $a0) (i32.const 16))) (local.get $end))))
    (v128.store (local.get $o) (call $sums (local.get $s0) (local.get $s1) (local.get $s2) (local.get $s3)))
    (v128.store (i32.add (local.get $o) (local.get $next))
      (call $sums (local.get $t0) (local.get $t1) (local.get $t2) (local.get $t3))))

  ;; One row of x times eight rows of w: w comes from memory, which is quicker in eight places at once.
  (func $one_by_eight
    (param $a i32) (param $b0 i32) (param $bytes i32) (param $o i32)
    (local $b1 i32) (local $b2 i32) (local $b3 i32) (local $b4 i32) (local $b5 i32) (local $b6 i32) (local $b7 i32)
    (local $end i32) (local $four v128)
    (local $s0 v128) (local $s1 v128) (local $s2 v128) (local $s3 v128)
    (local $s4 v128) (local $s5 v128) (local $s6 v128) (local $s7 v128)

    (local.set $end (i32.add (local.get $a) (local.get $bytes)))
    (local.set $b1 (i32.add (local.get $b0) (local.get $bytes)))
    (local.set $b2 (i32.add (local.get $b1) (local.get $bytes)))
    (local.set $b3 (i32.add (local.get $b2) (local.get $bytes)))
    (local.set $b4 (i32.add (local.get $b3) (local.get $bytes)))
    (local.set $b5 (i32.add (local.get $b4) (local.get $bytes)))
    (local.set $b6 (i32.add (local.get $b5) (local.get $bytes)))
    (local.set $b7 (i32.add (local.get $b6) (local.get $bytes)))
    (loop $inner_left
      (local.set $four (v128.load (local.get $a)))
      (local.set $s0 (f32x4.add (local.get $s0) (f32x4.mul (local.get $four) (v128.load (local.get $b0)))))
      (local.set $s1 (f32x4.add (local.get $s1) (f32x4.mul (local.get $four) (v128.load (local.get $b1)))))
      (local.set $s2 (f32x4.add (local.get $s2) (f32x4.mul (local.get $four) (v128.load (local.get $b2)))))
      (local.set $s3 (f32x4.add (local.get $s3) (f32x4.mul (local.get $four) (v128.load (local.get $b3)))))
      (local.set $s4 (f32x4.add (local.get $s4) (f32x4.mul (local.get $four) (v128.load (local.get $b4)))))
      (local.set $s5 (f32x4.add (local.get $s5) (f32x4.mul (local.get $four) (v128.load (local.get $b5)))))
      (local.set $s6 (f32x4.add (local.get $s6) (f32x4.mul (local.get $four) (v128.load (local.get $b6)))))
      (local.set $s7 (f32x4.add (local.get $s7) (f32x4.mul (local.get $four) (v128.load (local.get $b7)))))
      (local.set $b0 (i32.add (local.get $b0) (i32.const 16)))
      (local.set $b1 (i32.add (local.get $b1) (i32.const 16)))
      (local.set $b2 (i32.add (local.get $b2) (i32.const 16)))
      (local.set $b3 (i32.add (local.get $b3) (i32.const 16)))
      (local.set $b4 (i32.add (local.get $b4) (i32.const 16)))
      (local.set $b5 (i32.add (local.get $b5) (i32.const 16)))
      (local.set $b6 (i32.add (local.get $b6) (i32.const 16)))
      (local.set $b7 (i32.add (local.get $b7) (i32.const 16)))
      (br_if $inner_left
        (i32.lt_u (local.tee $a (i32.add (local.get $a) (i32.const 16))) (local.get $end))))
    (v128.store (local.get $o) (call $sums (local.get $s0) (local.get $s1) (local.get $s2) (local.get $s3)))
    (v128.store offset=16 (local.get $o) (call $sums (local.get $s4) (local.get $s5) (local.get $s6) (local.get $s7))))

  ;; Four times four parts become four sums side by side: first the halves of two and two, then what is left of all four.
  (func $sums (param $s0 v128) (param $s1 v128) (param $s2 v128) (param $s3 v128) (result v128)
    (local.set $s0 (f32x4.add
      (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $s0) (local.get $s1))
      (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $s0) (local.get $s1))))
    (local.set $s2 (f32x4.add
      (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $s2) (local.get $s3))
      (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $s2) (local.get $s3))))
    (f32x4.add
      (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $s0) (local.get $s2))
      (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $s0) (local.get $s2))))
)
